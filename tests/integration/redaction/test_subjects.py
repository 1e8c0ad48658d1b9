"""Data subjects in the vault, on real PostgreSQL: one key each, linked values, erasure that is for ever, rows of before."""

import asyncio
import hashlib
from importlib.resources import files

import pytest
from chancery_redaction.adapters import vault as vault_module
from chancery_redaction.adapters.looking_up import subjects_of
from chancery_redaction.adapters.sealed_values import value_context
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.domain import pseudonyms
from chancery_redaction.domain.masking import ERASED
from chancery_redaction.domain.pseudonyms import token, value_hash
from chancery_redaction.domain.subjects import subject_id
from chancery_redaction.errors import SubjectGone
from chancery_redaction.ports import Scope, Wanted
from chancery_runtime.errors import KeyServiceDown
from chancery_runtime.keys import LocalKeyring, new_key, seal
from chancery_storage import Database, load_queries
from chancery_testing.waiting import eventually

QUERIES = load_queries("chancery_redaction")
KEYS = LocalKeyring(new_key())
ANN = Wanted("PERSON", "Canary Ann Lee")
LEE = Wanted("PERSON", "Lee", of="Canary Ann Lee")
BOB = Wanted("PERSON", "Canary Bob Hill")
MAIL = Wanted("EMAIL_ADDRESS", "ann@canary.example")


class Matter:
    """A scope of the vault; each call is a transaction."""

    def __init__(self, database, name, tenant="acme"):
        self.database, self.scope = database, Scope(tenant, f"matter:{name}")

    async def call(self, method, *arguments):
        async with self.database.transaction() as connection:
            return await getattr(PostgresVault(connection, QUERIES, KEYS), method)(self.scope, *arguments)

    async def tokens(self, *values):
        found = await self.call("tokens", values)
        return [found[(one.entity_type, one.text)] for one in values]

    async def values(self, *tokens):
        found = await self.call("values", tokens)
        return [found.get(one) for one in tokens]

    async def rows(self, table="vault"):
        async with self.database.reading() as connection:
            return await connection.fetch(f"SELECT * FROM {table} WHERE tenant = $1 AND scope = $2", self.scope.tenant, self.scope.name)

    async def somebody_waits(self):
        async with self.database.reading() as connection:
            return await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")

    async def subject_of(self, one):
        return next(row["subject"] for row in await self.rows() if row["token"] == one)

    async def subjects_of(self, *values):
        found = await subjects_of(self.database, QUERIES, KEYS, self.scope.tenant, values)
        return [one for one in found if one.scope == self.scope.name]


@pytest.fixture(scope="module")
async def database(database_url):
    database = await Database.open(database_url, schema="redaction_subjects", max_size=20)
    await database.migrate("chancery_redaction")
    yield database
    await database.close()


@pytest.fixture
def matter(database, request):
    return Matter(database, hashlib.sha256(request.node.name.encode()).hexdigest()[:16])


class TestWhoseValue:
    async def test_a_value_is_a_subject_of_its_own_under_a_key_that_no_row_has(self, matter):
        ann, bob = await matter.tokens(ANN, BOB)
        assert await matter.subject_of(ann) != await matter.subject_of(bob)
        assert {row["wrapped_key"] for row in await matter.rows()} == {None}
        assert len({row["wrapped_key"] for row in await matter.rows("subjects")} - {None}) == 2

    async def test_a_mention_belongs_to_the_fuller_value_whichever_way_they_stand(self, matter):
        lee, ann = await matter.tokens(LEE, ANN)
        assert lee != ann
        assert await matter.subject_of(lee) == await matter.subject_of(ann)
        assert await matter.values(lee, ann) == ["Lee", "Canary Ann Lee"]
        assert len(await matter.rows("subjects")) == 1

    async def test_a_mention_of_a_value_that_is_there_already_joins_it(self, matter):
        (ann,) = await matter.tokens(ANN)
        (lee,) = await matter.tokens(LEE)
        assert await matter.subject_of(lee) == await matter.subject_of(ann)
        assert await matter.values(lee) == ["Lee"]

    async def test_a_value_that_came_alone_joins_the_fuller_one_when_that_is_known(self, matter):
        (alone,) = await matter.tokens(Wanted("PERSON", "Lee"))
        ann, lee = await matter.tokens(ANN, LEE)
        assert lee == alone
        assert await matter.subject_of(lee) == await matter.subject_of(ann)
        assert await matter.values(lee) == ["Lee"]

    async def test_a_mention_of_two_people_stays_with_the_first(self, matter):
        ann, lee = await matter.tokens(ANN, LEE)
        await matter.tokens(Wanted("PERSON", "Carl Lee"), Wanted("PERSON", "Lee", of="Carl Lee"))
        assert await matter.subject_of(lee) == await matter.subject_of(ann)

    async def test_a_circle_of_mentions_ends(self, matter):
        one, other = Wanted("PERSON", "One", of="Other"), Wanted("PERSON", "Other", of="One")
        assert await matter.values(*await matter.tokens(one, other)) == ["One", "Other"]


class TestLinking:
    async def test_new_and_old_values_join_a_subject_and_keep_their_names(self, matter):
        ann, mail = await matter.tokens(ANN, MAIL)
        subject = await matter.subject_of(ann)
        iban = Wanted("IBAN_CODE", "GB29 NWBK 6016 1331 9268 19")
        linked = await matter.call("link", subject, [MAIL, iban])
        assert linked[(MAIL.entity_type, MAIL.text)] == mail
        assert {row["subject"] for row in await matter.rows()} == {subject}
        tokens = [mail, linked[(iban.entity_type, iban.text)]]
        assert await matter.values(*tokens) == [MAIL.text, iban.text]
        assert await matter.call("forget", [subject]) == 3
        assert await matter.values(ann, *tokens) == [ERASED] * 3

    async def test_nothing_joins_a_subject_that_is_gone_or_never_was(self, matter):
        (ann,) = await matter.tokens(ANN)
        subject = await matter.subject_of(ann)
        await matter.call("forget", [subject])
        for gone in (subject, "00" * 16):
            with pytest.raises(SubjectGone):
                await matter.call("link", gone, [MAIL])
        assert [row["entity_type"] for row in await matter.rows()] == ["PERSON"]


class TestErasure:
    async def test_it_takes_every_value_of_the_subject_and_nobody_elses(self, matter):
        ann, lee, bob = await matter.tokens(ANN, LEE, BOB)
        assert await matter.call("forget", [await matter.subject_of(ann)]) == 2
        assert await matter.values(ann, lee, bob) == [ERASED, ERASED, BOB.text]
        assert {row["sealed_value"] for row in await matter.rows() if row["token"] != bob} == {b""}
        gone = [row for row in await matter.rows("subjects") if row["erased_at"]]
        assert [row["wrapped_key"] for row in gone] == [None]

    async def test_again_it_is_nothing(self, matter):
        (ann,) = await matter.tokens(ANN)
        subject = await matter.subject_of(ann)
        assert [await matter.call("forget", [subject]) for _ in range(2)] == [1, 0]

    async def test_the_same_value_comes_back_as_somebody_else(self, matter):
        before, lee = await matter.tokens(ANN, LEE)
        subject = await matter.subject_of(before)
        for _ in range(3):
            await matter.call("forget", [await matter.subject_of(before)])
            (after,) = await matter.tokens(ANN)
            assert after != before
            assert after.strip("<>").split("_")[1][:3] != before.strip("<>").split("_")[1][:3]
            assert await matter.subject_of(after) != await matter.subject_of(before)
            assert await matter.values(before, lee, after) == [ERASED, ERASED, ANN.text]
            before = after
        assert await matter.subject_of(after) != subject

    async def test_a_mention_comes_back_with_the_new_subject(self, matter):
        ann, _ = await matter.tokens(ANN, LEE)
        await matter.call("forget", [await matter.subject_of(ann)])
        new_lee, new_ann = await matter.tokens(LEE, ANN)
        assert await matter.subject_of(new_lee) == await matter.subject_of(new_ann)
        assert await matter.values(new_lee, new_ann) == ["Lee", ANN.text]

    async def test_what_another_transaction_adds_meanwhile_is_erased_or_somebody_elses(self, matter):
        """An adder holds the subject until it commits; the erasure waits for it, and takes what it added along."""
        (ann,) = await matter.tokens(ANN)
        subject = await matter.subject_of(ann)
        async with matter.database.transaction() as connection:
            lee = await PostgresVault(connection, QUERIES, KEYS).tokens(matter.scope, [LEE])
            erasing = asyncio.create_task(matter.call("forget", [subject]))
            await eventually(matter.somebody_waits)
        assert await erasing == 2
        assert await matter.values(ann, *lee.values()) == [ERASED, ERASED]

    async def test_erasing_and_adding_at_once_never_leaves_a_value_that_shows_as_erased_and_is_found(self, matter):
        values = [Wanted("PERSON", f"Canary Many{number}", of=ANN.text) for number in range(12)]

        async def erase():
            found = await matter.subjects_of(ANN.text)
            return await matter.call("forget", [one.subject for one in found])

        for number in range(12):
            await asyncio.gather(matter.tokens(ANN, *values[: number + 1]), erase(), matter.tokens(*values[number:], ANN), erase())
        tokens = await matter.tokens(ANN, *values)
        assert await matter.values(*tokens) == [ANN.text, *(one.text for one in values)]
        live = {row["subject"] for row in await matter.rows("subjects") if row["wrapped_key"] is not None}
        assert {row["subject"] for row in await matter.rows() if row["sealed_value"]} <= live


class TestLookingUp:
    async def test_a_subject_has_all_its_pseudonyms_in_each_scope(self, database, matter):
        other = Matter(database, "other", tenant="looked")
        here = Matter(database, "here", tenant="looked")
        ann, lee, _ = await here.tokens(ANN, LEE, BOB)
        (there,) = await other.tokens(ANN)
        found = await subjects_of(database, QUERIES, KEYS, "looked", ["canary  ann LEE", "nobody"])
        assert [(one.scope, set(one.tokens)) for one in found] == [("matter:here", {ann, lee}), ("matter:other", {there})]
        assert [one.scope for one in await subjects_of(database, QUERIES, KEYS, "looked", [ANN.text], "here")] == ["matter:here"]
        assert await subjects_of(database, QUERIES, KEYS, "nobody", [ANN.text]) == []

    @pytest.mark.parametrize("at_once", [1, 2, 3])
    async def test_asked_for_in_slices_a_subject_is_one_all_the_same(self, matter, monkeypatch, at_once):
        ann, lee, _, mail = await matter.tokens(ANN, LEE, BOB, MAIL)
        whole = await matter.subjects_of(ANN.text, LEE.text, MAIL.text)
        monkeypatch.setattr("chancery_redaction.adapters.looking_up.HASHES", at_once)
        assert await matter.subjects_of(ANN.text, LEE.text, MAIL.text) == whole
        assert sorted(sorted(one.tokens) for one in whole) == sorted([sorted([ann, lee]), [mail]])


class TestNames:
    async def test_a_name_that_is_taken_gives_another_that_has_nothing_in_common(self, matter, monkeypatch):
        """Everybody wants one name first, as if four letters were no room at all."""
        real = pseudonyms.token

        def crowded(entity_type, digest, attempt=0):
            return f"<{entity_type}_AAAA>" if attempt == 0 else real(entity_type, digest, attempt)

        monkeypatch.setattr("chancery_redaction.adapters.adding.token", crowded)
        values = [Wanted("PERSON", f"Canary Crowd{number}") for number in range(20)]
        found = await asyncio.gather(*(matter.tokens(*values[number % 3 :]) for number in range(8)))
        tokens = await matter.tokens(*values)
        assert len(set(tokens)) == 20
        assert all(set(some) <= set(tokens) for some in found)
        assert await matter.values(*tokens) == [one.text for one in values]
        assert max(len(one) for one in tokens) <= len("<PERSON_AAAAA>")

    def test_attempts_grow_and_begin_differently(self):
        digest = hashlib.sha256(b"value").digest()
        names = [token("PERSON", digest, attempt).split("_")[1] for attempt in range(12)]
        assert [len(name) - 1 for name in names] == [min(4 + attempt, 12) for attempt in range(12)]
        assert len({name[:3] for name in names}) == 12


class Down(LocalKeyring):
    """A key service that does not answer."""

    async def wrap(self, tenant, key, context):
        raise KeyServiceDown("down")

    unwrap = wrap


async def test_without_the_key_service_nothing_is_written_and_nothing_shown(database, matter):
    (ann,) = await matter.tokens(ANN)
    down = Down(KEYS._root)
    with pytest.raises(KeyServiceDown):
        async with database.transaction() as connection:
            await PostgresVault(connection, QUERIES, down).tokens(matter.scope, [BOB])
    with pytest.raises(KeyServiceDown):
        async with database.transaction() as connection:
            await PostgresVault(connection, QUERIES, down).values(matter.scope, [ann])
    assert len(await matter.rows()) == len(await matter.rows("subjects")) == 1


class TestRowsOfBefore:
    """The old schema with old rows, then the migration."""

    @pytest.fixture
    async def old(self, database_url):
        database = await Database.open(database_url, schema="redaction_old_rows")
        async with database.transaction() as connection:
            await connection.execute("DROP SCHEMA redaction_old_rows CASCADE; CREATE SCHEMA redaction_old_rows")
            text = files("chancery_redaction").joinpath("migrations/0001_pre_initial.sql").read_text("utf-8")
            await connection.execute(text)
            await connection.execute(
                "CREATE TABLE schema_migrations (package text NOT NULL, name text NOT NULL, sha256 text NOT NULL,"
                " applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (package, name))"
            )
            await connection.execute(
                "INSERT INTO schema_migrations (package, name, sha256) VALUES ('chancery_redaction', '0001_pre_initial.sql', $1)",
                hashlib.sha256(text.encode()).hexdigest(),
            )
        matter = Matter(database, "old")
        self.tokens = {one.text: await self._insert(matter, one) for one in (ANN, BOB, MAIL)}
        async with database.transaction() as connection:
            await connection.execute("UPDATE vault SET wrapped_key = NULL WHERE token = $1", self.tokens[MAIL.text])
        await database.migrate("chancery_redaction")
        yield matter
        await database.close()

    async def _insert(self, matter, one):
        """As the release before did it."""
        digest = value_hash(await KEYS.derive(matter.scope.tenant, "pseudonym"), matter.scope.name, one.entity_type, one.text)
        name, key = token(one.entity_type, digest), new_key()
        context = value_context(matter.scope, name)
        row = name, one.entity_type, digest, await KEYS.wrap("acme", key, context), seal(key, one.text.encode(), context.encode())
        async with matter.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO vault (tenant, scope, token, entity_type, value_hash, wrapped_key, sealed_value)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)", matter.scope.tenant, matter.scope.name, *row,
            )  # fmt: skip
        return name

    async def test_they_keep_their_names_and_open(self, old):
        assert await old.tokens(ANN, BOB) == [self.tokens[ANN.text], self.tokens[BOB.text]]
        assert await old.values(*self.tokens.values()) == [ANN.text, BOB.text, ERASED]

    async def test_what_was_erased_before_comes_back_under_a_new_name(self, old):
        (mail,) = await old.tokens(MAIL)
        assert mail != self.tokens[MAIL.text]
        assert await old.values(mail, self.tokens[MAIL.text]) == [MAIL.text, ERASED]

    async def test_they_are_found_with_their_mentions_and_erased(self, old):
        ann, lee = await old.tokens(ANN, LEE)
        found = await old.subjects_of(ANN.text)
        assert [set(one.tokens) for one in found] == [{ann, lee}]
        assert await old.call("forget", [one.subject for one in found]) == 2
        assert await old.values(ann, lee, self.tokens[BOB.text]) == [ERASED, ERASED, BOB.text]
        assert await old.tokens(ANN) != [ann]

    async def test_one_joins_a_subject(self, old):
        (lee,) = await old.tokens(Wanted("PERSON", "Lee"))
        subject = await old.subject_of(lee)
        await old.call("link", subject, [ANN])
        assert await old.subject_of(self.tokens[ANN.text]) == subject
        assert await old.values(self.tokens[ANN.text]) == [ANN.text]


def test_the_id_of_a_subject_is_half_the_hash_of_its_first_value():
    digest = hashlib.sha256(b"value").digest()
    assert subject_id(digest) == digest[:16].hex()
    assert len({subject_id(digest, life) for life in range(9)}) == 9
    assert vault_module.ERASED == "[erased]"
