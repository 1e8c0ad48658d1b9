"""The application: what lives as long as the process. One composition root a service fills it; tests fill it too."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import structlog
from chancery_bus import BatchRunner, BatchStage, KafkaAddress, Publisher, StageDefinition, StageRunner
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock, system_clock
from chancery_contracts.failures import ChanceryError
from chancery_storage import Database
from chancery_storage.database import Setup
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chancery_runtime.catalogues import CatalogueFollower
from chancery_runtime.keys import KeyService
from chancery_runtime.keys.opening import open_keys
from chancery_runtime.metrics import process_metrics
from chancery_runtime.problems import install_problems
from chancery_runtime.settings import ServiceSettings

log = structlog.get_logger()
Run = Callable[[], Awaitable[None]]
Detail = Callable[[], Awaitable[object]]
PROBE_TIMEOUT_S = 3.0
ORDERS_LINEAGE = "orders"


@dataclass(frozen=True)
class Loop:
    """Something that runs with the service, and how it is asked to stop (none: it is cancelled)."""

    name: str
    run: Run
    stop: Callable[[], None] | None = None


class Application:
    """Registers parts while a service is built; `loops` run with it, `close` undoes all in reverse order."""

    def __init__(self, name: str, settings: ServiceSettings, clock: Clock = system_clock) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.metrics = process_metrics()
        self.http = FastAPI(title=f"chancery-{name}", docs_url=None, redoc_url=None)
        self.loops: list[Loop] = []
        self.runners: list[StageRunner | BatchRunner[Any]] = []
        self._probes: dict[str, Run] = {}
        self._details: dict[str, Detail] = {}
        self._exits = AsyncExitStack()
        self._follower: CatalogueFollower | None = None
        self._publisher: Publisher | None = None
        install_problems(self.http)
        self.http.add_api_route("/health", self._health, methods=["GET"], include_in_schema=False)
        self.http.add_api_route("/metrics", self._metrics, methods=["GET"], include_in_schema=False)

    @property
    def kafka(self) -> KafkaAddress:
        """Where Kafka is, for this service."""
        return KafkaAddress(self.settings.kafka_bootstrap, client_id=f"chancery-{self.name}")

    async def database(self, *, schema: str, package: str, setup: Setup | None = None, max_size: int = 10) -> Database:
        """Opens the service's schema and brings it up to date. `setup` runs once for each connection."""
        database = await Database.open(self.settings.database_url.get_secret_value(), schema=schema, setup=setup, max_size=max_size)
        self._exits.push_async_callback(database.close)
        await database.migrate(package)
        self.probe("database", database.ping)
        return database

    async def catalogue(self) -> Catalogue:
        """Prompts, models, use cases, policies: complete as of now, and followed from now on."""
        if self._follower is None:
            self._follower = await CatalogueFollower.start(self.kafka)
            self._exits.push_async_callback(self._follower.close)
            await self._follower.caught_up()
            self.background("catalogue", self._follower.follow)
        return self._follower.catalogue

    async def publisher(self) -> Publisher:
        """For events that no stage makes; one a process."""
        if self._publisher is None:
            self._publisher = await Publisher.start(self.kafka, self.settings.namespace)
            self._exits.push_async_callback(self._publisher.close)
        return self._publisher

    async def key_service(self) -> KeyService:
        """The configured one, for this service's lineage: no other service opens what it wraps. Raises StartupFailed."""
        return open_keys(self.settings, self.name, self.on_close)

    async def order_keys(self) -> KeyService:
        """For keys of orders about a person, which every owner of stores must open. Raises StartupFailed."""
        return open_keys(self.settings, ORDERS_LINEAGE, self.on_close)

    def stage(self, definition: StageDefinition | BatchStage[Any], instance: str | None = None) -> None:
        """Runs a stage with the service; `/health` is ready once it has joined its group. `instance`: see `KafkaAddress`."""
        address, namespace, registry = replace(self.kafka, instance=instance), self.settings.namespace, self.metrics.registry
        runner: StageRunner | BatchRunner[Any]
        if isinstance(definition, BatchStage):
            runner = BatchRunner(definition, address, namespace=namespace, registry=registry)
        else:
            runner = StageRunner(definition, address, namespace=namespace, registry=registry)
        self.runners.append(runner)
        self.loops.append(Loop(definition.group, runner.run, runner.stop))

    def background(self, name: str, run: Run) -> None:
        """Runs a loop with the service; if it fails, the service stops loudly."""
        self.loops.append(Loop(name, run))

    def probe(self, name: str, ping: Run) -> None:
        """Adds a check to `/health`."""
        self._probes[name] = ping

    def detail(self, name: str, tell: Detail) -> None:
        """Adds to what `/health` tells; it does not decide on readiness."""
        self._details[name] = tell

    def on_close(self, close: Run) -> None:
        """Calls this when the service stops."""
        self._exits.push_async_callback(close)

    async def close(self) -> None:
        """Closes what was opened, last first."""
        await self._exits.aclose()

    async def failing(self) -> list[str]:
        """What is not ready, by name."""
        bad = [f"stage {runner.definition.group}" for runner in self.runners if not runner.assigned.is_set()]
        for name, ping in self._probes.items():
            try:
                await asyncio.wait_for(ping(), PROBE_TIMEOUT_S)
            except (ChanceryError, TimeoutError, OSError):
                bad.append(name)
        return bad

    async def _health(self, response: Response) -> dict[str, object]:
        bad = await self.failing()
        response.status_code = 503 if bad else 200
        details = {name: await tell() for name, tell in self._details.items()}
        return {"service": self.name, "ready": not bad, "failing": bad, **details}

    async def _metrics(self) -> Response:
        return Response(generate_latest(self.metrics.registry), media_type=CONTENT_TYPE_LATEST)
