"""Runs a service: builds it, serves HTTP, runs its loops, stops on a signal; stops loudly when a loop fails."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import structlog
import uvicorn
import uvloop
from chancery_contracts.failures import ChanceryError

from chancery_runtime.application import Application, Loop
from chancery_runtime.logs import configure_logs, where
from chancery_runtime.settings import ServiceSettings

log = structlog.get_logger()
Build = Callable[[Application], Awaitable[None]]
STOP_TIMEOUT_S = 15.0


def tune_collector() -> None:
    """Objects of a message die young by reference count; the default thresholds would scan the many that live, again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def run_service(name: str, settings: ServiceSettings, build: Build) -> None:
    """Blocks until a signal (exit status 0) or a failure (exit status 1, with one log line that says why)."""
    configure_logs(name, settings.log_level)
    try:
        # A message crosses many small sockets: 5 % more requests a second than with asyncio's own loop.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(Application(name, settings), build))
    except ChanceryError as exc:
        log.error("service_failed", error=type(exc).__name__, reason=str(exc), where=where(exc))
        sys.exit(1)
    except Exception as exc:  # noqa: BLE001  # the last border: the process ends, but its words may quote data, so only the place is logged
        log.error("service_failed", error=type(exc).__name__, where=where(exc))
        sys.exit(1)


async def serve(application: Application, build: Build) -> None:
    """Runs until SIGTERM or SIGINT, or until a loop fails, whose error it raises."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await build(application)
        tune_collector()
        await _run(application, stop)
    finally:
        await asyncio.wait_for(application.close(), STOP_TIMEOUT_S)
    log.info("service_stopped")


async def _run(application: Application, stop: asyncio.Event) -> None:
    settings = application.settings
    config = uvicorn.Config(
        application.http, host=settings.http_host, port=settings.http_port, log_config=None, access_log=False,
        timeout_graceful_shutdown=5, lifespan="off",
    )  # fmt: skip
    server = _Server(config)
    tasks = {asyncio.create_task(_run_loop(loop), name=loop.name): loop for loop in application.loops}
    http = asyncio.create_task(server.serve(), name="http")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    log.info("service_started", port=settings.http_port)
    done, _ = await asyncio.wait([*tasks, http, stopping], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await _stop(tasks)
    stopping.cancel()
    await asyncio.gather(http, stopping, return_exceptions=True)
    for task in done:
        if task is not stopping and (error := task.exception()) is not None:
            raise error


async def _run_loop(loop: Loop) -> None:
    await loop.run()


async def _stop(tasks: "dict[asyncio.Task[None], Loop]") -> None:
    """Stages finish what they hold first; background loops, which they may lean on, are cancelled after."""
    stages = [task for task, loop in tasks.items() if loop.stop is not None]
    for loop in tasks.values():
        if loop.stop is not None:
            loop.stop()
    if stages:
        await asyncio.wait(stages, timeout=STOP_TIMEOUT_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Server(uvicorn.Server):
    """Leaves signals to the service."""

    def install_signal_handlers(self) -> None:
        """None: `serve` has its own."""

    def capture_signals(self):  # type: ignore[no-untyped-def]  # overrides a context manager of the library
        """None: `serve` has its own."""
        return nullcontext()
