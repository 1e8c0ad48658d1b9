"""The trail on real PostgreSQL: once each, append-only, tamper-evident, without a word of plaintext."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from chancery_audit.adapters.batching import BatchWriter
from chancery_audit.adapters.checkpoints import CheckpointLoop
from chancery_audit.adapters.reading import PostgresTrailReader
from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.api import router
from chancery_audit.main import batch_in_transaction
from chancery_audit.settings import AuditSettings
from chancery_bus import Received
from chancery_contracts.areas import AuditRead, CheckpointPublished
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison, Retry
from chancery_contracts.topics import TOPIC_OF_TYPE
from chancery_runtime.errors import KeyServiceDown
from chancery_runtime.keys import LocalKeyring
from chancery_runtime.problems import install_problems
from chancery_storage import Database, load_queries
from chancery_testing.builders import redacted, refused, requested
from chancery_testing.clock import FixedClock
from fastapi import FastAPI

TOKEN = {"Authorization": "Bearer operator"}


class Keyring(LocalKeyring):
    """A keyring that can be down."""

    down = False

    async def derive(self, tenant: str, purpose: str) -> bytes:
        if self.down:
            raise KeyServiceDown("down")
        return await super().derive(tenant, purpose)


@dataclass
class Audit:
    """The service without Kafka: `take` is what the bus calls."""

    database: Database
    keys: Keyring
    writer: BatchWriter
    checkpoints: CheckpointLoop
    http: httpx.AsyncClient
    published: list[AnyEvent]
    offset: int = 0

    async def take(self, *events: AnyEvent, partition: int = 0, skip: int = 0) -> list[Any]:
        self.offset += skip
        batch = []
        for event in events:
            topic = TOPIC_OF_TYPE[event.type].full_name(event.tenant)
            batch.append(Received(event, topic, partition, self.offset, 1_760_000_000_000))
            self.offset += 1
        return await self.deliver(batch)

    async def deliver(self, batch: Sequence[Received]) -> list[Any]:
        return await asyncio.gather(*(self.writer.submit(one) for one in batch), return_exceptions=True)

    async def get(self, path: str, **params: Any) -> Any:
        response = await self.http.get(f"/v1/{path}", params=params, headers=TOKEN)
        assert response.status_code == 200, response.text
        return response.json()

    async def run(self, sql: str, *arguments: Any) -> list[Any]:
        async with self.database.transaction() as connection:
            return list(await connection.fetch(sql, *arguments))

    async def tamper(self, sql: str, *arguments: Any) -> None:
        """As the owner of the database: triggers off, change, triggers on."""
        async with self.database.transaction() as connection:
            await connection.execute("ALTER TABLE entries DISABLE TRIGGER ALL")
            await connection.execute(sql, *arguments)
            await connection.execute("ALTER TABLE entries ENABLE TRIGGER ALL")


@pytest.fixture(scope="module")
async def audit(database_url: str) -> AsyncIterator[Audit]:
    database = await Database.open(database_url, schema="audit")
    await database.migrate("chancery_audit")
    queries, keys, clock = load_queries("chancery_audit"), Keyring(b"k" * 32), FixedClock()
    cache = KeyCache(keys, 100)
    published: list[AnyEvent] = []

    async def publish(event: AnyEvent) -> None:
        published.append(event)

    settings = AuditSettings(kafka_bootstrap="none", database_url=database_url, http_port=1, operator_token="operator")
    app = FastAPI()
    install_problems(app)
    app.include_router(router(settings, PostgresTrailReader(database, queries, cache, "live"), publish, clock))
    writer = BatchWriter(batch_in_transaction(database, queries, cache), 500)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://audit") as http:
        yield Audit(database, keys, writer, CheckpointLoop(database, queries, publish, clock), http, published)
    await database.close()


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


async def test_a_redelivery_changes_nothing_and_a_second_content_raises_one_alarm(audit: Audit, tenant: str) -> None:
    first = requested("a", tenant=tenant)
    assert await audit.take(first, first) == [(), ()]
    await audit.take(first)
    head = (await audit.get("verify", tenant=tenant))["verified"]
    other = Received(requested("b", id=first.id, tenant=tenant), "chancery.interactions.requested.x", 0, audit.offset, 0)
    await audit.deliver([other])
    await audit.deliver([other])
    assert (head, (await audit.get("verify", tenant=tenant))["verified"]) == (1, 1)
    assert (await audit.get("completeness", tenant=tenant))["alarms"] == 1


async def test_two_tenants_chains_stay_apart_without_gaps_under_concurrent_writers(audit: Audit, tenant: str) -> None:
    other = f"{tenant}-b"
    events = [redacted(tenant=one) for _ in range(150) for one in (other, tenant)]
    queries, cache = load_queries("chancery_audit"), KeyCache(audit.keys, 10)
    second = BatchWriter(batch_in_transaction(audit.database, queries, cache), 40)
    batch = [Received(event, "chancery.interactions.redacted", 5, i, 0) for i, event in enumerate(events)]
    for writer, part in ((audit.writer, batch[:200]), (second, batch[100:])):
        await asyncio.gather(*(writer.submit(one) for one in part))
    await asyncio.gather(*(w.submit(one) for w, part in ((audit.writer, batch), (second, batch)) for one in part))
    for one in (tenant, other):
        assert await audit.get("verify", tenant=one) == {
            "tenant": one, "verified": 150, "payloads_deleted": 0, "ok": True, "first_break": None, "reason": None,
        }  # fmt: skip


@pytest.mark.parametrize("sql", ["UPDATE entries SET type = 'x'", "DELETE FROM entries", "TRUNCATE entries"])
async def test_entries_are_append_only(audit: Audit, tenant: str, sql: str) -> None:
    await audit.take(requested(tenant=tenant))
    with pytest.raises(asyncpg.RestrictViolationError):
        await audit.run(sql)


@pytest.mark.parametrize(
    ("sql", "seq"),
    [
        ("UPDATE entries SET leaf = leaf || ' '::bytea WHERE tenant = $1 AND seq = 3", 3),
        ("UPDATE entries SET type = 'x' WHERE tenant = $1 AND seq = 2", 2),
        ("UPDATE entries SET event_time = now() WHERE tenant = $1 AND seq = 1", 1),
        ("DELETE FROM entries WHERE tenant = $1 AND seq = 4", 4),
        ("DELETE FROM entries WHERE tenant = $1 AND seq = 5", 5),
        ("UPDATE entries SET seq = seq + 100 WHERE tenant = $1 AND seq = 0", 0),
        ("UPDATE payloads SET sealed = sealed || 'x'::bytea WHERE tenant = $1 AND seq = 2", 2),
        ("UPDATE heads SET size = 5 WHERE tenant = $1", 5),
    ],
)
async def test_verify_names_the_entry_that_was_tampered_with(audit: Audit, tenant: str, sql: str, seq: int) -> None:
    await audit.take(*(redacted(tenant=tenant) for _ in range(6)))
    assert (await audit.get("verify", tenant=tenant))["ok"]
    await audit.tamper(sql, tenant)
    found = await audit.get("verify", tenant=tenant)
    assert (found["ok"], found["first_break"]) == (False, seq)


async def test_deleting_a_payload_or_its_key_leaves_the_chain_valid(audit: Audit, tenant: str) -> None:
    event = redacted(tenant=tenant)
    await audit.take(event, redacted(tenant=tenant))
    await audit.run("DELETE FROM data_keys WHERE tenant = $1 AND scope = $2", tenant, f"interaction/{event.interaction}")
    found = await audit.get(f"interactions/{event.interaction}", tenant=tenant)
    assert found["entries"][0]["data_state"] == "erased"
    await audit.run("DELETE FROM payloads WHERE tenant = $1 AND seq = 0", tenant)
    found = await audit.get("verify", tenant=tenant)
    assert (found["ok"], found["verified"], found["payloads_deleted"]) == (True, 2, 1)


async def test_a_canary_is_in_no_table(audit: Audit, tenant: str) -> None:
    canary = f"canary{uuid4().hex}"
    event = requested(canary, tenant=tenant)
    await audit.take(event, requested(canary + "2", id=event.id, tenant=tenant))
    tables = await audit.run("SELECT tablename FROM pg_tables WHERE schemaname = 'audit'")
    assert {"entries", "payloads", "alarms", "data_keys"} <= {row["tablename"] for row in tables}
    for row in tables:
        text = str(await audit.run(f'SELECT * FROM "{row["tablename"]}"'))
        binary = await audit.run(f"""SELECT 1 FROM "{row["tablename"]}" t WHERE t::text LIKE '%' || $1 || '%'""", canary.encode().hex())
        assert canary not in text, row["tablename"]
        assert not binary, row["tablename"]


async def test_raw_words_are_shown_only_on_demand_and_every_read_is_published(audit: Audit, tenant: str) -> None:
    event = requested("my own words", tenant=tenant)
    await audit.take(event, event.follow(redacted().data, stage="redaction", time=event.time))
    path = f"interactions/{event.id}"
    hidden, shown = [(await audit.get(path, tenant=tenant, reveal=reveal))["entries"] for reveal in (False, True)]
    assert [(one["data_state"], one["data"] is None) for one in hidden] == [("hidden", True), ("shown", False)]
    assert shown[0]["data"]["messages"][0]["content"] == "my own words"
    reads = [one for one in audit.published if isinstance(one.data, AuditRead) and one.interaction == event.id]
    assert [(one.data.rows, one.data.query["reveal"]) for one in reads] == [(2, "false"), (2, "true")]  # type: ignore[attr-defined]


async def test_another_tenant_or_no_token_sees_nothing(audit: Audit, tenant: str) -> None:
    event = requested(tenant=tenant)
    await audit.take(event)
    elsewhere = await audit.http.get(f"/v1/interactions/{event.id}", params={"tenant": "elsewhere"}, headers=TOKEN)
    assert elsewhere.status_code == 404
    anonymous = await audit.http.get(f"/v1/interactions/{event.id}", params={"tenant": tenant})
    assert (anonymous.status_code, anonymous.headers["content-type"]) == (401, "application/problem+json")


async def test_pages_join_up_and_filters_hold(audit: Audit, tenant: str) -> None:
    await audit.take(*(redacted(tenant=tenant) for _ in range(5)), refused(tenant=tenant))
    seen, after = [], -1
    while after is not None:
        page = await audit.get("entries", tenant=tenant, limit=2, after_seq=after)
        seen += [one["seq"] for one in page["entries"]]
        after = page["next"]
    assert seen == list(range(6))
    only = await audit.get("entries", tenant=tenant, type="chancery.interaction.refused.v1")
    assert [one["seq"] for one in only["entries"]] == [5]


async def test_completeness_names_gaps_and_unfinished_interactions(audit: Audit, tenant: str) -> None:
    event = requested(tenant=tenant)
    await audit.take(event)
    await audit.take(requested(tenant=tenant), skip=3)
    found = await audit.get("completeness", tenant=tenant)
    (account,) = [one for one in found["partitions"] if one["topic"].endswith(tenant)]
    assert account["gaps"] == [[account["ranges"][0][1] + 1, account["ranges"][0][1] + 3]]
    assert (found["accepted"], found["completed"], found["unfinished_count"]) == (2, 0, 2)
    assert found["unfinished"][0]["interaction"] == event.id


async def test_without_the_key_service_nothing_is_written(audit: Audit, tenant: str) -> None:
    audit.keys.down = True
    try:
        (outcome,) = await audit.take(requested(tenant=tenant))
    finally:
        audit.keys.down = False
    assert isinstance(outcome, Retry)
    assert not await audit.run("SELECT 1 FROM entries WHERE tenant = $1", tenant)


async def test_an_event_that_fits_no_leaf_is_poison_alone(audit: Audit, tenant: str) -> None:
    outcomes = await audit.take(requested(tenant=tenant), requested(tenant=tenant, source="x" * 70_000), requested(tenant=tenant))
    assert [type(one) for one in outcomes] == [tuple, outcomes[1].__class__, tuple]
    assert isinstance(outcomes[1], Poison)
    assert (await audit.get("verify", tenant=tenant))["verified"] == 2


async def test_a_moved_head_is_published_once(audit: Audit, tenant: str) -> None:
    await audit.take(redacted(tenant=tenant), redacted(tenant=tenant))
    await audit.checkpoints.publish_moved()
    assert await audit.checkpoints.publish_moved() == 0
    (made,) = [one for one in audit.published if isinstance(one.data, CheckpointPublished) and one.tenant == tenant]
    head = (await audit.run("SELECT link FROM heads WHERE tenant = $1", tenant))[0]["link"].hex()
    assert made.data == CheckpointPublished(origin=f"chancery/{tenant}", size=2, head=head)
