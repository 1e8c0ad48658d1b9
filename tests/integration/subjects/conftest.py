"""Every owner of stores over real PostgreSQL, each in its schema, and the events between them handed over as Kafka would: at least once."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from chancery_audit.adapters.erasing import Eraser
from chancery_audit.adapters.relearning import Privacy
from chancery_audit.adapters.sealing import KeyCache, PostgresKeyOffers
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.subject_orders import NewOrder, SubjectOrders
from chancery_audit.adapters.subject_trail import SubjectTrail
from chancery_audit.adapters.viewing import Views, secure
from chancery_audit.adapters.watching import Bounds, ClockWatch, Watch
from chancery_audit.handlers import draft
from chancery_audit.main import Reading, batch_in_transaction, routers
from chancery_audit.settings import AuditSettings
from chancery_bus import BusHandler, Received
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import AnyEvent
from chancery_contracts.privacy import HoldPlaced
from chancery_contracts.subjects import SubjectAnswered, SubjectSought
from chancery_contracts.topics import PRIVACY, TOPIC_OF_TYPE
from chancery_generation.adapters.subject_answers import SubjectAnswers
from chancery_redaction.adapters.erased_again import ErasedAgain
from chancery_redaction.adapters.sealing import JournalSealer
from chancery_redaction.adapters.subject_vault import SubjectVault
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.ports import Scope, Wanted
from chancery_retrieval.adapters.postgres_index import PostgresIndex
from chancery_retrieval.adapters.subject_documents import SubjectDocuments
from chancery_retrieval.domain.chunking import chunk_document
from chancery_retrieval.domain.passages import IndexedPassage
from chancery_retrieval.domain.versions import version_of
from chancery_runtime.errors import KeyServiceDown
from chancery_runtime.holds import Held, ToldHolds
from chancery_runtime.keys import LocalKeyring, seal
from chancery_runtime.problems import install_problems
from chancery_runtime.subject_journals import JournalStore
from chancery_runtime.subjects import Owner, handler
from chancery_storage import Database, Journal, load_queries, plan_afresh
from chancery_testing import builders
from chancery_testing.clock import FixedClock
from fastapi import FastAPI

TOKEN = {"Authorization": "Bearer operator"}
SCHEMAS = ("audit", "redaction", "retrieval", "generation", "cost")


class Keyring(LocalKeyring):
    """One that can be down."""

    down = False

    async def wrap(self, tenant: str, key: bytes, context: str) -> bytes:
        self._look()
        return await super().wrap(tenant, key, context)

    async def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        self._look()
        return await super().unwrap(tenant, wrapped, context)

    async def derive(self, tenant: str, purpose: str) -> bytes:
        self._look()
        return await super().derive(tenant, purpose)

    def _look(self) -> None:
        if self.down:
            raise KeyServiceDown("down")


class PublishedHolds(ToldHolds):
    """Port `Holds`, without Kafka."""

    async def in_force(self, tenant: str) -> Held:
        return self.held(tenant)


@dataclass
class World:
    """All services that have stores, without Kafka."""

    databases: dict[str, Database]
    keys: Keyring
    order_keys: Keyring
    clock: FixedClock
    orders: SubjectOrders
    owners: dict[str, Owner]
    privacy: Privacy
    trail: SubjectTrail
    eraser: Eraser
    again: ErasedAgain
    documents: SubjectDocuments
    index: PostgresIndex
    signer: LogSigner
    write: Any
    offers: PostgresKeyOffers
    http: httpx.AsyncClient
    read: list[AnyEvent]
    told: list[AnyEvent] = field(default_factory=list)
    """What was published, in order."""
    sealer: Any = None
    holds: PublishedHolds = field(default_factory=PublishedHolds)
    offset: int = 0

    async def record(self, *events: AnyEvent) -> None:
        """Into the trail."""
        batch = [self.received(event) for event in events]
        assert await self.write(await draft(batch, self.offers, seal)) == [None] * len(batch)

    def received(self, event: AnyEvent) -> Received:
        """As Kafka delivers it."""
        self.offset += 1
        return Received(event, TOPIC_OF_TYPE[event.type].full_name(event.tenant), 0, self.offset, int(self.clock().timestamp() * 1000))

    def key_service(self, *, down: bool) -> None:
        """For everybody."""
        self.keys.down = self.order_keys.down = down

    async def mask(self, tenant: str, scope: str, *values: tuple[str, str]) -> dict[str, str]:
        """Tokens by value."""
        wanted = [Wanted(kind, text) for kind, text in values]
        async with self.databases["redaction"].transaction() as connection:
            tokens = await self.vault(connection).tokens(Scope(tenant, scope), wanted)
        return {text: token for (_, text), token in tokens.items()}

    def vault(self, connection: Any) -> PostgresVault:
        """In a transaction."""
        return PostgresVault(connection, load_queries("chancery_redaction"), self.keys)

    async def values(self, tenant: str, scope: str, tokens: Iterable[str]) -> dict[str, str]:
        """What stands behind pseudonyms."""
        async with self.databases["redaction"].transaction() as connection:
            return dict(await self.vault(connection).values(Scope(tenant, scope), list(tokens)))

    async def index_document(self, published: Any) -> None:
        """As retrieval does, with a vector that means nothing."""
        chunks = chunk_document(published.data.text, title=published.data.title, markdown=True, count=lambda text: len(text.split()))
        vector = [1.0] + [0.0] * 383
        passages = [IndexedPassage(f"{published.data.document_id}:{n}", n, chunk, vector, ()) for n, chunk in enumerate(chunks)]
        await self.index.put(version_of(published), passages, self.clock())

    async def journal(self, schema: str, stage: str, cause: AnyEvent, *events: AnyEvent, sealed: bool = False) -> None:
        """Remembers what a stage answered."""
        database = self.databases[schema]
        async with database.statement() as connection:
            await Journal(database, stage, self.sealer if sealed else None).add(
                connection, f"{cause.tenant}/{cause.namespace}/{cause.id}", events, self.clock()
            )

    async def place(self, tenant: str, purpose: str, *values: str, ground: str | None = "GDPR 17(1)(b)") -> str:
        """An order."""
        return await self.orders.place(NewOrder(tenant, purpose, values, "asked for", ground, "officer:o/1"))  # type: ignore[arg-type]

    async def hold(self, tenant: str, matter: str | None) -> AnyEvent:
        """Placed, and in force."""
        placed = builders.event(HoldPlaced(matter=matter, reason="litigation", by="x"), tenant=tenant, interaction=None)
        self.holds.learn(placed)
        await self.privacy.take(self.received(placed))
        return placed

    async def run(self, *, owners: Iterable[str] | None = None) -> None:
        """Steps and deliveries until nothing moves any more."""
        while await self.orders.advance() or await self.deliver(owners):
            pass

    async def deliver(self, owners: Iterable[str] | None = None) -> int:
        """What stands in the outbox, to everybody; how many events."""
        out: list[AnyEvent] = []

        async def publish(event: AnyEvent) -> None:
            out.append(event)

        await self.eraser.publish_outbox(publish)
        for event in out:
            await self.publish(event, owners)
        return len(out)

    async def publish(self, event: AnyEvent, owners: Iterable[str] | None = None) -> None:
        """As Kafka: to whom it concerns."""
        self.told.append(event)
        if TOPIC_OF_TYPE[event.type] is PRIVACY:
            await self.privacy.take(self.received(event))
        if isinstance(event.data, SubjectAnswered):
            await self.orders.take(self.received(event))
        if isinstance(event.data, SubjectSought):
            for name in self.owners if owners is None else owners:
                for answer in await self.ask(name, event):
                    await self.publish(answer, owners)

    async def ask(self, owner: str, event: AnyEvent) -> Sequence[AnyEvent]:
        """One owner's answer."""
        handle: BusHandler = handler(self.owners[owner])
        return await handle(self.received(event))

    async def ended(self, tenant: str, order: str) -> dict[str, Any]:
        """Its row, with the report."""
        (row,) = await self.orders.orders(tenant, order)
        assert row["phase"] == "ended", (row["phase"], row["waits_for"])
        return {**row, "report": json.loads(row["report"])}

    async def everything(self, schema: str, tenant: str) -> bytes:
        """All rows of a tenant in all tables of a schema, as they lie there."""
        found: list[bytes] = []
        tables = "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'"
        for (table,) in await self.sql(schema, tables, schema):
            for row in await self.sql(schema, f'SELECT * FROM "{schema}"."{table}"'):
                if row.get("tenant", tenant) == tenant and row.get("cause_id", tenant).startswith(tenant):
                    found += [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
        return b"\n".join(found)

    async def sql(self, schema: str, text: str, *arguments: Any) -> list[Any]:
        async with self.databases[schema].transaction() as connection:
            return list(await connection.fetch(text, *arguments))

    async def officer(self, tenant: str, role: str = "officer", **walls: Any) -> dict[str, str]:
        """Headers."""
        body = {"name": "a-key", "role": role, "tenants": [tenant], **walls}
        response = await self.http.post("/v1/access", json=body, headers=TOKEN)
        assert response.status_code == 201, response.text
        return {"Authorization": f"Bearer {response.json()['secret']}"}


@pytest.fixture(scope="module")
async def world(database_url: str) -> AsyncIterator[World]:
    keys, order_keys, clock = Keyring(b"k" * 32, "some"), Keyring(b"k" * 32, "orders"), FixedClock()
    databases = {}
    for schema in SCHEMAS:
        databases[schema] = await Database.open(database_url, schema=schema, setup=plan_afresh, max_size=4)
        await databases[schema].migrate(f"chancery_{schema}")
    queries = load_queries("chancery_audit")
    audit = databases["audit"]
    cache, read = KeyCache(keys, 1_000), list[AnyEvent]()
    signer = LogSigner(audit, queries, keys, "log.example")
    orders = SubjectOrders(audit, queries, order_keys, signer, clock)
    trail = SubjectTrail(audit, queries, cache, clock, orders.tokens)
    sealer = JournalSealer(await keys.derive("operator", "restore-journal"))
    index = PostgresIndex(databases["retrieval"], lambda _: None)
    redaction = load_queries("chancery_redaction")
    documents = SubjectDocuments(databases["retrieval"], load_queries("chancery_retrieval"), index, clock)
    stores = {
        "audit": (trail,),
        "redaction": (
            SubjectVault(databases["redaction"], redaction, keys, clock),
            JournalStore(databases["redaction"], {"restore": sealer}),
        ),
        "retrieval": (documents, JournalStore(databases["retrieval"])),
        "generation": (SubjectAnswers(databases["generation"]), JournalStore(databases["generation"])),
        "cost": (JournalStore(databases["cost"]),),
    }
    holds = PublishedHolds()
    owners = {
        name: Owner(name, name, databases[name], order_keys, clock, these, None if name == "audit" else holds)  # type: ignore[arg-type]
        for name, these in stores.items()
    }

    async def publish(event: AnyEvent) -> None:
        read.append(event)

    settings = AuditSettings(kafka_bootstrap="none", database_url=database_url, http_port=1, operator_token="operator")
    watch = Watch(audit, queries, signer, ClockWatch(clock), Bounds())
    views = Views(audit, queries, await secure(audit, queries, on=True))
    app = FastAPI()
    install_problems(app)
    for one in routers(
        Reading((audit, queries, cache), views, (signer, watch), publish, clock, Catalogue(), "live", order_keys), settings, walls_hold=True
    ):
        app.include_router(one)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://audit") as http:
        yield World(
            databases, keys, order_keys, clock, orders, owners, Privacy(audit, queries, cache), trail,
            Eraser(audit, queries, cache, Catalogue(), clock),
            ErasedAgain(databases["redaction"], redaction), documents, index, signer, batch_in_transaction(audit, queries, cache),
            PostgresKeyOffers(audit, queries, cache), http, read, sealer=sealer, holds=holds,
        )  # fmt: skip
    for database in databases.values():
        await database.close()


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"
