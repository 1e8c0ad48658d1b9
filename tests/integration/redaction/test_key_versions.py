"""Rotation over the vault: rewrapped beside traffic, cut short and taken up again; destroyed versions bring nothing back."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from chancery_contracts.failures import Retry
from chancery_contracts.keys import KeyRotated, KeyVersionsDestroyed
from chancery_redaction.adapters.sealed_values import value_context
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.adapters.wrapped_keys import vault_keys
from chancery_redaction.domain.masking import ERASED
from chancery_redaction.domain.pseudonyms import token, value_hash
from chancery_redaction.ports import Scope, Wanted
from chancery_redaction.settings import RedactionSettings
from chancery_runtime.access import require_operator
from chancery_runtime.keys import CachedKeys, LocalKeyring, new_key, orders, seal
from chancery_runtime.keys.cache import Bounds
from chancery_runtime.keys.orders import KeyOrders
from chancery_runtime.keys_api import keys_router
from chancery_runtime.problems import install_problems
from chancery_storage import Database, load_queries
from chancery_testing.waiting import eventually
from fastapi import FastAPI

QUERIES = load_queries("chancery_redaction")
TOKEN = {"Authorization": "Bearer operator"}
PEOPLE = [Wanted("PERSON", f"Canary Person{number}") for number in range(30)]
GRACE_S = 900.0


class Vault:
    """Redaction's vault, its keyring and its operators' routes, for one tenant."""

    def __init__(self, database, keyring):
        self.database, self.keyring = database, keyring
        self.keys = LocalKeyring.open(keyring, "redaction")
        self.tenant, self.published, self.later, self.refuses = f"t-{uuid4().hex[:8]}", [], timedelta(0), False
        self.scope = Scope(self.tenant, "matter:m-1")

    def clock(self):
        return datetime.now(UTC) + self.later

    async def publish(self, event):
        if self.refuses:
            raise Retry("Kafka is down")
        self.published.append(event)

    def orders(self):
        tables = vault_keys(self.database, QUERIES)
        return KeyOrders(self.keys, "redaction", tables, self.publish, self.clock, GRACE_S)

    async def call(self, method, *arguments, keys=None):
        async with self.database.transaction() as connection:
            return await getattr(PostgresVault(connection, QUERIES, keys or self.keys), method)(self.scope, *arguments)

    async def mask(self, *people, keys=None):
        found = await self.call("tokens", people, keys=keys)
        return [found[(one.entity_type, one.text)] for one in people]

    async def values(self, tokens, keys=None):
        found = await self.call("values", tokens, keys=keys)
        return [found[one] for one in tokens]

    async def old_row(self, one):
        """A row of before, under a key of its own that the root has wrapped."""
        digest = value_hash(await self.keys.derive(self.tenant, "pseudonym"), self.scope.name, one.entity_type, one.text)
        name, key = token(one.entity_type, digest), new_key()
        context = value_context(self.scope, name)
        wrapped = seal(self.keys._key(self.tenant, "wrap"), key, context.encode())
        async with self.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO vault (tenant, scope, token, entity_type, value_hash, wrapped_key, sealed_value)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)", self.tenant, self.scope.name, name, one.entity_type, digest, wrapped,
                seal(key, one.text.encode(), context.encode()),
            )  # fmt: skip
        return name

    async def rows(self, table):
        async with self.database.reading() as connection:
            return await connection.fetch(f"SELECT * FROM {table} WHERE tenant = $1 ORDER BY 1, 2, 3", self.tenant)

    async def rewrap_all(self, after=""):
        done = 0
        while after is not None:
            found = await self.orders().rewrap(self.tenant, after)
            done, after = done + found.rewrapped, found.after
        return done


@pytest.fixture(scope="module")
async def database(database_url):
    database = await Database.open(database_url, schema="redaction_versions", max_size=20)
    await database.migrate("chancery_redaction")
    yield database
    await database.close()


@pytest.fixture
async def vault(database, tmp_path):
    return Vault(database, tmp_path / "keyring.json")


@pytest.fixture
async def http(vault):
    settings = RedactionSettings(kafka_bootstrap="none", database_url="none", http_port=1, operator_token="operator")
    app = FastAPI()
    install_problems(app)
    app.include_router(keys_router(require_operator(settings), vault.orders()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://redaction", headers=TOKEN) as http:
        yield http


class TestRewrapping:
    async def test_every_key_moves_and_no_value_is_touched(self, vault):
        old = await vault.old_row(PEOPLE[0])
        tokens = [old, *await vault.mask(*PEOPLE[1:])]
        sealed = {row["token"]: row["sealed_value"] for row in await vault.rows("vault")}
        await vault.orders().rotate(vault.tenant, "operator")
        assert (await vault.orders().standing(vault.tenant)).old_keys == 30
        assert await vault.rewrap_all() == 30
        assert (await vault.orders().standing(vault.tenant)).old_keys == 0
        assert await vault.rewrap_all() == 0
        assert {row["token"]: row["sealed_value"] for row in await vault.rows("vault")} == sealed
        assert await vault.values(tokens) == [one.text for one in PEOPLE]

    async def test_what_was_cut_short_goes_on_in_pages(self, vault, monkeypatch):
        monkeypatch.setattr(orders, "PAGE", 7)
        await vault.mask(*PEOPLE)
        await vault.orders().rotate(vault.tenant, "operator")
        first = await vault.orders().rewrap(vault.tenant)
        assert (first.rewrapped, first.after is not None) == (7, True)
        assert await vault.rewrap_all() == 23  # begun again: what is done is done

    async def test_traffic_goes_on_and_erasures_stay(self, vault, monkeypatch):
        """Requests, erasures and two rewrappers at once; what was erased is not written back."""
        monkeypatch.setattr(orders, "PAGE", 3)
        tokens = await vault.mask(*PEOPLE)
        subjects = {row["token"]: row["subject"] for row in await vault.rows("vault")}
        await vault.orders().rotate(vault.tenant, "operator")
        fresh = [Wanted("PERSON", f"Canary New{number}") for number in range(30)]
        gone = tokens[::3]

        async def erase():
            for one in gone:
                await vault.call("forget", [subjects[one]])

        async def ask():
            for number in range(0, 30, 3):
                await vault.mask(*PEOPLE[number + 1 : number + 3], *fresh[number : number + 3])

        await asyncio.gather(vault.rewrap_all(), erase(), vault.rewrap_all(), ask())
        assert (await vault.orders().standing(vault.tenant)).old_keys == 0
        assert {row["token"] for row in await vault.rows("vault") if row["sealed_value"] == b""} == set(gone)
        assert await vault.values(tokens) == [ERASED if one in gone else person.text for one, person in zip(tokens, PEOPLE, strict=True)]

    async def test_a_corrupt_key_stays_and_stops_nobody_else(self, vault):
        await vault.mask(*PEOPLE[:3])
        async with vault.database.transaction() as connection:
            await connection.execute(
                "UPDATE subjects SET wrapped_key = set_byte(wrapped_key, 40, 255 - get_byte(wrapped_key, 40))"
                " WHERE tenant = $1 AND subject = (SELECT max(subject) FROM subjects WHERE tenant = $1)", vault.tenant,
            )  # fmt: skip
        await vault.orders().rotate(vault.tenant, "operator")
        done = await vault.orders().rewrap(vault.tenant)
        assert (done.rewrapped, done.unopened) == (2, 1)


class TestDestroying:
    async def test_a_restored_backup_of_wrapped_keys_brings_nothing_back(self, vault):
        tokens = [await vault.old_row(PEOPLE[0]), *await vault.mask(*PEOPLE[1:5])]
        backup = {table: await vault.rows(table) for table in ("subjects", "vault")}
        await vault.orders().rotate(vault.tenant, "operator")
        await vault.rewrap_all()
        ann = next(row["subject"] for row in await vault.rows("vault") if row["token"] == tokens[1])
        await vault.call("forget", [ann])
        vault.later = timedelta(seconds=GRACE_S + 1)
        await vault.orders().destroy_old(vault.tenant, "operator")
        assert await vault.values(tokens) == [PEOPLE[0].text, ERASED, *(one.text for one in PEOPLE[2:5])]
        async with vault.database.transaction() as connection:
            for table, rows in backup.items():
                await connection.execute(f"DELETE FROM {table} WHERE tenant = $1", vault.tenant)
                for row in rows:
                    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
                    await connection.execute(f"INSERT INTO {table} ({', '.join(row.keys())}) VALUES ({places})", *row.values())
        assert await vault.values(tokens) == [ERASED] * 5
        assert (await vault.orders().standing(vault.tenant)).old_keys == 0  # dead, not old
        (again,) = await vault.mask(Wanted("PERSON", "Somebody", of=PEOPLE[1].text))
        assert await vault.values([again]) == ["Somebody"]  # a dead subject takes nobody new

    async def test_not_before_the_grace_is_over_nor_while_anything_needs_them(self, vault, http):
        async def order(what):
            response = await http.post(f"/v1/keys/{what}", json={"tenant": vault.tenant})
            return response.status_code, response.json()

        assert (await order("destroy-old"))[0] == 409
        await vault.mask(*PEOPLE[:3])
        assert (await order("rotate"))[1]["old_keys"] == 3
        status, problem = await order("destroy-old")
        assert (status, "too new" in problem["detail"]) == (409, True)
        vault.later = timedelta(seconds=GRACE_S + 1)
        status, problem = await order("destroy-old")
        assert (status, problem["detail"]) == (409, "3 keys are still wrapped by old versions: rewrap them first")
        assert await order("rewrap") == (200, {"rewrapped": 3, "unopened": 0, "after": "1|"})
        status, standing = await order("destroy-old")
        assert (status, standing["oldest"], standing["current"], standing["old_keys"]) == (200, 2, 2, 0)
        assert [event.data for event in vault.published] == [
            KeyRotated(lineage="redaction", version=2, by="operator"), KeyVersionsDestroyed(lineage="redaction", below=2, by="operator"),
        ]  # fmt: skip
        assert (await order("destroy-old"))[0] == 200
        assert len(vault.published) == 2

    async def test_a_writer_under_way_is_waited_for(self, vault):
        """What it wrapped by the old version counts."""
        await vault.mask(PEOPLE[0])
        async with vault.database.transaction() as connection:
            await PostgresVault(connection, QUERIES, vault.keys).tokens(vault.scope, [PEOPLE[1]])
            await vault.orders().rotate(vault.tenant, "operator")
            await vault.rewrap_all()
            vault.later = timedelta(seconds=GRACE_S + 1)
            destroying = asyncio.create_task(vault.orders().destroy_old(vault.tenant, "operator"))

            async def waits():
                async with vault.database.reading() as watching:
                    return await watching.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareLock'")

            await eventually(waits)
        with pytest.raises(orders.NotYet, match="1 keys"):
            await destroying

    async def test_what_cannot_be_put_on_record_is_not_destroyed(self, vault):
        await vault.mask(*PEOPLE[:3])
        await vault.orders().rotate(vault.tenant, "operator")
        await vault.rewrap_all()
        vault.later, vault.refuses = timedelta(seconds=GRACE_S + 1), True
        with pytest.raises(Retry):
            await vault.orders().destroy_old(vault.tenant, "operator")
        assert (await vault.keys.versions(vault.tenant)).oldest == 0

    async def test_other_tenants_keep_theirs(self, vault, database):
        other = Vault(database, vault.keyring)
        tokens = await other.mask(*PEOPLE[:2])
        await vault.mask(*PEOPLE[:2])
        await vault.orders().rotate(vault.tenant, "operator")
        await vault.rewrap_all()
        vault.later = timedelta(seconds=GRACE_S + 1)
        await vault.orders().destroy_old(vault.tenant, "operator")
        assert await other.values(tokens) == [one.text for one in PEOPLE[:2]]

    async def test_nobody_orders_without_the_operators_token(self, http, vault):
        response = await http.post("/v1/keys/rotate", json={"tenant": vault.tenant}, headers={"Authorization": "Bearer x"})
        assert response.status_code == 401
        bad = await http.post("/v1/keys/rewrap", json={"tenant": vault.tenant, "after": "9999|x"})
        assert bad.status_code == 422


class TestCached:
    async def test_a_hot_matter_asks_the_key_service_once_and_an_erasure_is_seen_at_once(self, vault):
        asked = []

        class Counted(LocalKeyring):
            async def unwrap(self, tenant, wrapped, context):
                asked.append(context)
                return await super().unwrap(tenant, wrapped, context)

        tokens = await vault.mask(*PEOPLE[:6])
        cached = CachedKeys(Counted.open(vault.keyring, "redaction"), Bounds(300, 100))
        for _ in range(5):
            assert await vault.values(tokens, keys=cached) == [one.text for one in PEOPLE[:6]]
        assert len(asked) == 6
        subject = next(row["subject"] for row in await vault.rows("vault") if row["token"] == tokens[0])
        await vault.call("forget", [subject], keys=cached)
        assert len(cached._held) == 5
        assert await vault.values(tokens[:2], keys=cached) == [ERASED, PEOPLE[1].text]

    async def test_another_process_sees_an_erasure_although_it_has_the_key_in_memory(self, vault):
        """Its row has no wrapped key any more, and without that no key is looked up."""
        elsewhere = CachedKeys(LocalKeyring.open(vault.keyring, "redaction"), Bounds(300, 100))
        tokens = await vault.mask(PEOPLE[0])
        assert await vault.values(tokens, keys=elsewhere) == [PEOPLE[0].text]
        await vault.call("forget", [row["subject"] for row in await vault.rows("subjects")])
        assert await vault.values(tokens, keys=elsewhere) == [ERASED]
