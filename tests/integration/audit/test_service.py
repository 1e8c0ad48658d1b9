"""The whole service over real Kafka: events in, checkpoints out."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest
import uvicorn
from chancery_audit.main import build
from chancery_audit.settings import AuditSettings
from chancery_bus import KafkaAddress, Publisher, TopicReader, ensure_topics, topic_specs
from chancery_contracts.areas import AuditRead, CheckpointPublished
from chancery_contracts.event import AnyEvent
from chancery_contracts.topics import CHECKPOINTS
from chancery_runtime.application import Application
from chancery_testing.builders import redacted, requested
from chancery_testing.waiting import eventually

OPERATOR = {"Authorization": "Bearer operator"}
TENANT = f"t-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all that share the database."""
    return tmp_path_factory.mktemp("keys") / "keyring.json"


async def test_what_is_published_is_on_record_and_its_head_is_published(kafka_bootstrap: str, database_url: str, keyring: Path) -> None:
    await ensure_topics(kafka_bootstrap, topic_specs([TENANT]))
    publisher = await Publisher.start(KafkaAddress(kafka_bootstrap))
    reader = await TopicReader.start(KafkaAddress(kafka_bootstrap), [CHECKPOINTS.full_name()], from_end=True)
    settings = AuditSettings(
        kafka_bootstrap=kafka_bootstrap, database_url=database_url, operator_token="operator", http_port=1,
        keyring_path=keyring, audit_checkpoint_s=0.1,
    )  # fmt: skip
    application = Application("audit", settings)
    await build(application)
    seen: list[AnyEvent] = []

    async def follow() -> None:
        async for received in reader.follow():
            seen.append(received.event)  # noqa: PERF401  # a comprehension would end never

    tasks = [asyncio.create_task(loop.run()) for loop in application.loops]
    following = asyncio.create_task(follow())
    try:
        await eventually(lambda: all(runner.assigned.is_set() for runner in application.runners), within_s=30)
        event = requested(tenant=TENANT)
        await publisher.publish(event)
        await publisher.publish(event.follow(redacted().data, stage="redaction", time=event.time))
        await eventually(lambda: _size(seen) == 2, within_s=30)
        transport = httpx.ASGITransport(application.http)
        async with httpx.AsyncClient(transport=transport, base_url="http://audit", headers=OPERATOR) as http:
            http.headers.update(await _granted(http, role="auditor"))
            verified = (await http.get("/v1/verify", params={"tenant": TENANT})).json()
            found = (await http.get(f"/v1/interactions/{event.id}", params={"tenant": TENANT})).json()
        assert (verified["ok"], verified["verified"]) == (True, 2)
        assert {one["data_state"] for one in found["entries"]} == {"hidden", "shown"}
    finally:
        for runner in application.runners:
            runner.stop()
        await asyncio.wait([task for task, loop in zip(tasks, application.loops, strict=True) if loop.stop is not None], timeout=15)
        for task in [*tasks, following]:
            task.cancel()
        await asyncio.gather(*tasks, following, return_exceptions=True)
        await application.close()
        await reader.close()
        await publisher.close()


def _size(seen: list[AnyEvent]) -> int:
    heads = [event.data.size for event in seen if isinstance(event.data, CheckpointPublished) and event.tenant == TENANT]
    return max(heads, default=0)


async def test_an_erasure_ordered_over_http_is_done_recorded_and_done_again_after_a_restore(
    kafka_bootstrap: str, database_url: str, keyring: Path
) -> None:
    """Twice the whole service: the second finds a database that has forgotten the erasure and its trail, and learns it from the topic."""
    tenant = f"t-{uuid4().hex[:8]}"
    await ensure_topics(kafka_bootstrap, topic_specs([tenant]))
    publisher = await Publisher.start(KafkaAddress(kafka_bootstrap))
    settings = AuditSettings(
        kafka_bootstrap=kafka_bootstrap, database_url=database_url, operator_token="operator", http_port=1,
        keyring_path=keyring, audit_checkpoint_s=0.1, audit_erasure_s=0.05,
    )  # fmt: skip
    event = requested(tenant=tenant, matter="m-1")
    tables = {}
    try:
        async with _running(settings, tenant) as http:
            await publisher.publish(event)
            await eventually(lambda: _data_states(http, tenant, event.id), within_s=30)
            async with asyncpg_connection(database_url) as sql:
                for table in ("payloads", "data_keys"):
                    tables[table] = await sql.fetch(f"SELECT * FROM audit.{table} WHERE tenant = $1", tenant)
            order = {"tenant": tenant, "subject": {"kind": "matter", "name": "m-1"}, "reason": "x", "legal_ground": "GDPR 17(1)(b)"}
            accepted = (await http.post("/v1/erasures", json=order)).json()

            async def done() -> bool:
                found = await http.get(accepted["href"])
                return found.status_code == 200 and found.json()["state"] == "erased"

            await eventually(done, within_s=30)
            await eventually(lambda: _types(http, tenant, {"chancery.privacy.payloads-erased.v1"}), within_s=30)
            assert await _data_states(http, tenant, event.id) == {"erased"}
        async with asyncpg_connection(database_url) as sql:
            for table in ("scopes", "erasure_requests", "places"):
                await sql.execute(f"DELETE FROM audit.{table} WHERE tenant = $1", tenant)
            # The trail, too, is as old as the backup: neither the erasure nor its payloads' keys are there.
            await sql.execute("DELETE FROM audit.data_keys WHERE tenant = $1", tenant)
            for table, rows in tables.items():
                for row in rows:
                    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
                    await sql.execute(f"INSERT INTO audit.{table} VALUES ({places}) ON CONFLICT DO NOTHING", *row.values())
        async with _running(settings, tenant) as http:
            assert await _data_states(http, tenant, event.id) == {"erased"}
        async with asyncpg_connection(database_url) as sql:
            scope = f"interaction/{event.id}"
            assert not await sql.fetch("SELECT 1 FROM audit.data_keys WHERE tenant = $1 AND scope = $2", tenant, scope)
    finally:
        await publisher.close()


@asynccontextmanager
async def _running(settings: AuditSettings, tenant: str) -> AsyncIterator[httpx.AsyncClient]:
    """With the key of an officer of the tenant."""
    application = Application("audit", settings)
    await build(application)
    tasks = [asyncio.create_task(loop.run()) for loop in application.loops]
    try:
        await eventually(lambda: all(runner.assigned.is_set() for runner in application.runners), within_s=30)
        transport = httpx.ASGITransport(application.http)
        async with httpx.AsyncClient(transport=transport, base_url="http://audit", headers=OPERATOR) as http:
            http.headers.update(await _granted(http, role="officer", tenants=[tenant]))
            yield http
    finally:
        for runner in application.runners:
            runner.stop()
        await asyncio.wait([task for task, loop in zip(tasks, application.loops, strict=True) if loop.stop is not None], timeout=10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await application.close()


async def _granted(http: httpx.AsyncClient, **order: object) -> dict[str, str]:
    granted = await http.post("/v1/access", json={"name": "a-key", **order})
    return {"Authorization": f"Bearer {granted.json()['secret']}"}


@asynccontextmanager
async def asyncpg_connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _data_states(http: httpx.AsyncClient, tenant: str, interaction: str) -> set[str]:
    found = await http.get(f"/v1/interactions/{interaction}", params={"tenant": tenant, "reveal": True})
    entries = found.json().get("entries", [])
    return {entry["data_state"] for entry in entries if entry["type"] != AuditRead.TYPE}


async def _types(http: httpx.AsyncClient, tenant: str, wanted: set[str]) -> bool:
    found = (await http.get("/v1/entries", params={"tenant": tenant, "limit": 1000})).json()["entries"]
    return wanted <= {entry["type"] for entry in found}


async def test_the_commands_place_a_hold_that_refuses_an_erasure_and_release_it(
    kafka_bootstrap: str, database_url: str, keyring: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`chancery audit hold` and `erase`, over a real socket."""
    tenant, port = f"t-{uuid4().hex[:8]}", free_port()
    await ensure_topics(kafka_bootstrap, topic_specs([tenant]))
    settings = AuditSettings(
        kafka_bootstrap=kafka_bootstrap, database_url=database_url, operator_token="operator", http_port=port,
        keyring_path=keyring, audit_erasure_s=0.05,
    )  # fmt: skip
    for name, value in (("KAFKA_BOOTSTRAP", kafka_bootstrap), ("AUDIT_URL", f"http://127.0.0.1:{port}"), ("OPERATOR_TOKEN", "operator")):
        monkeypatch.setenv(f"CHANCERY_{name}", value)
    monkeypatch.setenv("CHANCERY_HOME", str(tmp_path))

    async def chancery(*arguments: str) -> tuple[int, str]:
        command = (sys.executable, "-m", "chancery_cli", "audit", *arguments, "--tenant", tenant)
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    publisher = await Publisher.start(KafkaAddress(kafka_bootstrap))
    event = requested(tenant=tenant, matter="m-1")
    try:
        async with _running(settings, tenant) as http, _served(http, port):
            await publisher.publish(event)
            await eventually(lambda: _data_states(http, tenant, event.id), within_s=30)
            assert (await chancery("hold", "place", "--matter", "m-1", "--reason", "litigation"))[0] == 1, "the operator places no holds"
            status, said = await chancery("access", "grant", "--role", "officer", "--name", "litigation")
            assert status == 0
            monkeypatch.setenv("CHANCERY_AUDIT_KEY", said.strip())
            status, said = await chancery("hold", "place", "--matter", "m-1", "--reason", "litigation")
            hold = json.loads(said)
            assert (status, hold["state"], hold["interactions"]) == (0, "in force", 1)
            order = ("erase", "--matter", "m-1", "--reason", "client left", "--legal-ground", "GDPR 17(1)(b)")
            status, said = await chancery(*order)
            assert (status, json.loads(said)["refusal"]) == (1, "held")
            status, said = await chancery("hold", "release", hold["id"], "--reason", "settled")
            assert (status, json.loads(said)["state"]) == (0, "released")
            status, said = await chancery(*order)
            request = json.loads(said)
            assert (status, request["interactions_erased"]) == (0, 1)
            _, said = await chancery("erasures")
            assert [one["state"] for one in json.loads(said)["erasures"]] == ["erased", "refused"]
            _, said = await chancery("show", event.id)
            assert "ERASED: 1 payloads" in said
            assert f"request {request['id']}" in said
            assert (await chancery("erase", "--reason", "x", "--legal-ground", "x"))[0] != 0
            _, said = await chancery("access", "list")
            key = next(one for one in json.loads(said)["keys"] if one["name"] == "litigation")
            assert hold["placed_by"] == f"officer:litigation/{key['key']}"
            command = (sys.executable, "-m", "chancery_cli", "audit", "access", "revoke", key["key"])
            assert await (await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)).wait() == 0
            assert (await chancery("show", event.id))[0] == 1
            told = {"chancery.access.granted.v1", "chancery.access.revoked.v1"}
            await eventually(lambda: _types(http, tenant, told), within_s=30)
    finally:
        await publisher.close()


@asynccontextmanager
async def _served(http: httpx.AsyncClient, port: int) -> AsyncIterator[None]:
    transport = http._transport
    assert isinstance(transport, httpx.ASGITransport)
    server = uvicorn.Server(uvicorn.Config(transport.app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        await serving


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
