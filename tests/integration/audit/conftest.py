"""Audit over real PostgreSQL, called by HTTP without a socket, and the powers of the database's owner."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from chancery_audit.adapters.checkpoints import CheckpointLoop
from chancery_audit.adapters.erasing import Eraser
from chancery_audit.adapters.relearning import Privacy
from chancery_audit.adapters.sealing import KeyCache, PostgresKeyOffers
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.viewing import Views, secure
from chancery_audit.adapters.watching import Bounds, ClockWatch, Watch
from chancery_audit.handlers import draft
from chancery_audit.main import Reading, WriteBatch, batch_in_transaction, routers
from chancery_audit.settings import AuditSettings
from chancery_bus import Received
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import AnyEvent
from chancery_contracts.topics import TOPIC_OF_TYPE
from chancery_runtime.errors import KeyServiceDown
from chancery_runtime.keys import LocalKeyring, seal
from chancery_runtime.problems import install_problems
from chancery_storage import Database, load_queries, plan_afresh
from chancery_testing.clock import FixedClock
from chancery_testing.identity import AUDIENCE, ISSUER, IdentityProvider
from chancery_testing.waiting import eventually
from fastapi import APIRouter, FastAPI

TOKEN = {"Authorization": "Bearer operator"}


class Keyring(LocalKeyring):
    """A keyring that can be down."""

    down = False

    async def derive(self, tenant: str, purpose: str) -> bytes:
        if self.down:
            raise KeyServiceDown("down")
        return await super().derive(tenant, purpose)


@dataclass
class Writer:
    """What the bus calls: a batch drafted, then written."""

    write: WriteBatch
    offers: PostgresKeyOffers

    async def take(self, batch: Sequence[Received]) -> Sequence[Any]:
        return await self.write(await draft(batch, self.offers, seal))


@dataclass
class Audit:
    """The service without Kafka."""

    database: Database
    keys: Keyring
    writer: Writer
    checkpoints: CheckpointLoop
    http: httpx.AsyncClient
    published: list[AnyEvent]
    eraser: Eraser
    privacy: Privacy
    catalogue: Catalogue
    clock: FixedClock
    cache: KeyCache
    url: str
    app: FastAPI
    routers: list[APIRouter]
    parts: Reading
    settings: AuditSettings
    auditor: dict[str, str] = field(default_factory=dict)
    """Headers of somebody who sees every tenant."""
    offset: int = 0

    async def grant(self, **order: Any) -> dict[str, str]:
        """Headers of a new key."""
        response = await self.http.post("/v1/access", json={"name": "a-key", **order}, headers=TOKEN)
        assert response.status_code == 201, response.text
        return {"Authorization": f"Bearer {response.json()['secret']}"}

    def client(self, role: str | None, *, walls_hold: bool = True) -> httpx.AsyncClient:
        """The same service, whose readers take another role of the database: none is without row-level security."""
        database, queries, _ = self.parts.store
        parts = replace(self.parts, views=Views(database, queries, role))
        transport = httpx.ASGITransport(served(routers(parts, self.settings, walls_hold=walls_hold)))
        return httpx.AsyncClient(transport=transport, base_url="http://audit")

    @property
    def reader(self) -> str:
        """The auditor, as on record."""
        return f"auditor:auditor/{self.auditor['Authorization'].split('_')[1]}"

    async def officer(self, tenant: str, **walls: Any) -> dict[str, str]:
        """Headers of one of the tenant's."""
        return await self.grant(role="officer", name="officer", tenants=[tenant], **walls)

    async def take(self, *events: AnyEvent, partition: int = 0, skip: int = 0) -> list[Any]:
        self.offset += skip
        batch = []
        for event in events:
            topic = TOPIC_OF_TYPE[event.type].full_name(event.tenant)
            batch.append(Received(event, topic, partition, self.offset, 1_760_000_000_000))
            self.offset += 1
        return await self.deliver(batch)

    def received(self, event: AnyEvent) -> Received:
        """As the `privacy` topic delivers it."""
        return Received(event, TOPIC_OF_TYPE[event.type].full_name(event.tenant), 0, 0, 1_760_000_000_000)

    async def deliver(self, batch: Sequence[Received]) -> list[Any]:
        return [() if fault is None else fault for fault in await self.writer.take(batch)]

    async def get(self, path: str, **params: Any) -> Any:
        response = await self.http.get(f"/v1/{path}", params=params, headers=self.auditor)
        assert response.status_code == 200, response.text
        return response.json()

    async def text(self, path: str) -> str:
        response = await self.http.get(f"/v1/{path}", headers=self.auditor)
        assert response.status_code == 200, response.text
        return response.text

    async def run(self, sql: str, *arguments: Any) -> list[Any]:
        async with self.database.transaction() as connection:
            return list(await connection.fetch(sql, *arguments))

    async def tamper(self, sql: str, *arguments: Any) -> None:
        """As the owner of the database: triggers off, change, triggers on."""
        async with self.database.transaction() as connection:
            await connection.execute("ALTER TABLE entries DISABLE TRIGGER ALL")
            await connection.execute(sql, *arguments)
            await connection.execute("ALTER TABLE entries ENABLE TRIGGER ALL")


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> IdentityProvider:
    """Who says who somebody is; its key set lies in a file."""
    provider = IdentityProvider()
    provider.path = tmp_path_factory.mktemp("identity") / "jwks.json"
    provider.path.write_text(json.dumps(provider.jwks()))
    return provider


@pytest.fixture(scope="module")
async def audit(database_url: str, identity: IdentityProvider) -> AsyncIterator[Audit]:
    database = await Database.open(database_url, schema="audit", setup=plan_afresh)
    await database.migrate("chancery_audit")
    queries, keys, clock = load_queries("chancery_audit"), Keyring(b"k" * 32), FixedClock()
    cache = KeyCache(keys, 100)
    published: list[AnyEvent] = []

    async def publish(event: AnyEvent) -> None:
        published.append(event)

    settings = AuditSettings(kafka_bootstrap="none", database_url=database_url, http_port=1, operator_token="operator", **_oidc(identity))
    signer = LogSigner(database, queries, keys, "log.example")
    views = Views(database, queries, await secure(database, queries, on=True))
    watch = Watch(database, queries, signer, ClockWatch(clock), Bounds())
    parts = Reading((database, queries, cache), views, (signer, watch), publish, clock, Catalogue(), "live", keys)
    built = routers(parts, settings, walls_hold=True)
    app = served(built)
    writer = Writer(batch_in_transaction(database, queries, cache), PostgresKeyOffers(database, queries, cache))
    transport = httpx.ASGITransport(app)
    checkpoints = CheckpointLoop(database, queries, signer, publish, clock)
    catalogue = Catalogue()
    eraser, privacy = Eraser(database, queries, cache, catalogue, clock), Privacy(database, queries, cache)
    async with httpx.AsyncClient(transport=transport, base_url="http://audit") as http:
        found = Audit(
            database,
            keys,
            writer,
            checkpoints,
            http,
            published,
            eraser,
            privacy,
            catalogue,
            clock,
            cache,
            database_url,
            app,
            built,
            parts,
            settings,
        )
        found.auditor = await found.grant(role="auditor", name="auditor")
        yield found
    await database.close()


def served(built: Sequence[APIRouter]) -> FastAPI:
    """These routes, as the service serves them."""
    app = FastAPI()
    install_problems(app)
    for one in built:
        app.include_router(one)
    return app


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


@pytest.fixture
async def url(audit: Audit) -> AsyncIterator[str]:
    """The service over a socket, as commands need it."""
    server = uvicorn.Server(uvicorn.Config(audit.app, port=0, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


def _oidc(identity: IdentityProvider) -> dict[str, str]:
    return {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE, "oidc_jwks": str(identity.path)}
