"""The simulator on a port of its own, within this process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from chancery_testing.providers.simulator import application
from chancery_testing.providers.state import Provider
from chancery_testing.waiting import eventually


@asynccontextmanager
async def serving(provider: Provider) -> AsyncIterator[str]:
    """Its address, such as `http://127.0.0.1:40123`."""
    # asyncio turns Nagle's algorithm off only where the protocol is named: else every reply waits 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(application(provider), log_level="critical", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await running
