"""One instance of the registry in this process, with everything but a socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from chancery_registry.adapters.following import Follower
from chancery_registry.main import assemble
from chancery_registry.settings import RegistrySettings
from chancery_runtime import Application
from chancery_runtime.access import by_operator_token
from chancery_runtime.principals import Way


@dataclass
class Instance:
    """Its API and its books."""

    http: httpx.AsyncClient
    follower: Follower
    app: Application


@asynccontextmanager
async def running(settings: RegistrySettings, knows: Way) -> AsyncIterator[Instance]:
    """Keys are known by `knows` instead of audit."""
    app = Application("registry", settings)
    try:
        follower = await assemble(app, settings, [by_operator_token(settings), knows])
        loops = [asyncio.create_task(loop.run()) for loop in app.loops]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.http), base_url="http://registry", timeout=120) as http:
            yield Instance(http, follower, app)
        for one in loops:
            one.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
    finally:
        await app.close()
