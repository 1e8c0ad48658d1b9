"""Small servers that speak the hub's and MLflow's wire, over a real socket."""

import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from chancery_cli.cards.fetching import Source
from fastapi import FastAPI


@pytest.fixture
def serve() -> Iterator:
    """Serves an application, and gives a source of it."""
    running = []

    def start(app: FastAPI) -> Source:
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.005)
            assert thread.is_alive()
        http = httpx.Client(timeout=5)
        running.append((server, thread, http))
        return Source(http, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")

    yield start
    for server, thread, http in running:
        http.close()
        server.should_exit = True
        thread.join()
