"""Rotation over the trail's data keys, on the real service's routes: beside recording, and a restored backup brings nothing back."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

import pytest
from chancery_audit.adapters.wrapped_keys import TrailKeys
from chancery_contracts.keys import KeyRotated, KeyVersionsDestroyed
from chancery_runtime.keys import orders
from chancery_runtime.keys.orders import KeyOrders
from chancery_testing.builders import requested

TOKEN = {"Authorization": "Bearer operator"}


def interaction(tenant, number, event="e"):
    return requested(tenant=tenant, id=f"{event}-{number}", interaction=f"i-{number}")


async def _order(audit, what, tenant, **more):
    response = await audit.http.post(f"/v1/keys/{what}", json={"tenant": tenant, **more}, headers=TOKEN)
    assert response.status_code == 200, response.text
    return response.json()


async def _rewrap_all(audit, tenant):
    done, after = 0, ""
    while after is not None:
        found = await _order(audit, "rewrap", tenant, after=after)
        done, after = done + found["rewrapped"], found["after"]
    return done


async def _destroy_old(audit, tenant):
    """As if the grace were over."""
    tables = [TrailKeys(audit.database, audit.parts.store[1])]
    later = lambda: datetime.now(UTC) + timedelta(hours=1)  # noqa: E731
    await KeyOrders(audit.keys, "audit", tables, audit.parts.publish, later, 900).destroy_old(tenant, "operator")


async def _states(audit, tenant, count):
    found = []
    for number in range(count):
        entries = (await audit.get(f"interactions/i-{number}", tenant=tenant, reveal=True))["entries"]
        found.append(entries[0]["data_state"])
    return found


async def test_every_data_key_moves_and_the_trail_stays_readable(audit, tenant, monkeypatch):
    monkeypatch.setattr(orders, "PAGE", 4)
    await audit.take(*(interaction(tenant, number) for number in range(10)))
    audit.published.clear()
    assert (await _order(audit, "rotate", tenant))["old_keys"] == 10
    assert await _rewrap_all(audit, tenant) == 10
    assert (await _order(audit, "status", tenant))["old_keys"] == 0
    audit.cache._keys.clear()
    assert await _states(audit, tenant, 10) == ["shown"] * 10
    assert next(event.data for event in audit.published if event.tenant == tenant) == KeyRotated(lineage="audit", version=2, by="operator")


async def test_recording_goes_on_beside_it(audit, tenant, monkeypatch):
    monkeypatch.setattr(orders, "PAGE", 2)
    await audit.take(*(interaction(tenant, number) for number in range(10)))
    await _order(audit, "rotate", tenant)

    async def record():
        for number in range(10, 30):
            await audit.take(interaction(tenant, number), interaction(tenant, number - 10, "more"))

    await asyncio.gather(_rewrap_all(audit, tenant), record(), _rewrap_all(audit, tenant))
    assert (await _order(audit, "status", tenant))["old_keys"] == 0
    audit.cache._keys.clear()
    assert await _states(audit, tenant, 30) == ["shown"] * 30


async def test_a_restored_backup_of_data_keys_brings_nothing_back_and_recording_goes_on(audit, tenant):
    await audit.take(*(interaction(tenant, number) for number in range(3)))
    backup = await audit.run("SELECT * FROM data_keys WHERE tenant = $1", tenant)
    await _order(audit, "rotate", tenant)
    await _rewrap_all(audit, tenant)
    await _destroy_old(audit, tenant)
    destroyed = [event.data for event in audit.published if event.tenant == tenant][-1]
    assert destroyed == KeyVersionsDestroyed(lineage="audit", below=2, by="operator")
    await audit.run("DELETE FROM data_keys WHERE tenant = $1", tenant)
    for row in backup:
        await audit.run("INSERT INTO data_keys (tenant, scope, wrapped) VALUES ($1, $2, $3)", *row.values())
    audit.cache._keys.clear()
    audit.cache._offers.clear()
    assert await _states(audit, tenant, 3) == ["missing"] * 3
    outcomes = await audit.take(interaction(tenant, 0, "later"))
    assert outcomes == [()]
    entries = (await audit.get("interactions/i-0", tenant=tenant, reveal=True))["entries"]
    assert [entry["data_state"] for entry in entries] == ["missing", "shown"]
    assert (await audit.get("verify", tenant=tenant))["ok"]


async def test_an_erasure_beside_it_stays_one(audit, tenant):
    await audit.take(*(interaction(tenant, number) for number in range(6)))
    await _order(audit, "rotate", tenant)
    tables = TrailKeys(audit.database, audit.parts.store[1])
    page = await tables.page(tenant, await audit.keys.versions(tenant), "", 100)
    await audit.run("DELETE FROM data_keys WHERE tenant = $1 AND scope = 'interaction/i-0'", tenant)
    moved = [(one, await audit.keys.rewrap(tenant, one.wrapped, one.context)) for one in page]
    assert await tables.replace(tenant, moved) == 5
    assert await audit.run("SELECT 1 FROM data_keys WHERE tenant = $1 AND scope = 'interaction/i-0'", tenant) == []


@pytest.mark.parametrize("what", ["status", "rotate", "rewrap", "destroy-old"])
async def test_keys_of_the_trail_open_none_of_these(audit, tenant, what):
    response = await audit.http.post(f"/v1/keys/{what}", json={"tenant": tenant}, headers=audit.auditor)
    assert response.status_code == 403


async def test_the_commands_order_it_of_every_service_that_wraps_keys(audit, tenant, url):
    """Both services are this one here; each is asked by itself."""

    async def command(*words):
        environment = {
            "CHANCERY_KAFKA_BOOTSTRAP": "none", "CHANCERY_AUDIT_URL": url, "CHANCERY_REDACTION_URL": url,
            "CHANCERY_OPERATOR_TOKEN": "operator",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chancery_cli", "keys", *words, "--tenant", tenant, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    await audit.take(*(interaction(tenant, number) for number in range(3)))
    status, out, err = await command("rotate")
    assert (status, [one["current"] for one in json.loads(out)], [one["old_keys"] for one in json.loads(out)]) == (0, [3, 3], [0, 0]), err
    assert err.splitlines() == ["redaction: 3 keys wrapped anew", "audit: 3 keys wrapped anew"]
    status, _, err = await command("rotate", "--rewrap-only")
    assert (status, err.splitlines()[1]) == (0, "audit: 0 keys wrapped anew")
    status, _, err = await command("destroy-old")
    assert (status, "too new" in err) == (1, True)
    assert json.loads((await command("status"))[1])[0]["oldest"] == 0
