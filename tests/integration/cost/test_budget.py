"""Budgets on real PostgreSQL: no race overspends, each movement is made once, what is held comes free."""

import asyncio
from datetime import timedelta

import pytest
from chancery_contracts import VersionRef
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.failures import Poison
from chancery_contracts.interactions import InteractionAuthorised, InteractionRefused, TokenUsage
from chancery_cost.adapters.expiry import ReservationExpiry
from chancery_cost.adapters.ledger import PostgresLedger
from chancery_cost.adapters.prices import GenaiPriceList
from chancery_cost.handlers import expired, release, reserve, settle
from chancery_cost.ports import Ports
from chancery_storage import Database, load_queries
from chancery_testing import builders

QUERIES = load_queries("chancery_cost")
REF = {"name": "m", "version": 1}


def _catalogue(limit, budget="b", price=None):
    catalogue = Catalogue()
    price = {"input_micros_per_mtok": 1_000_000, "output_micros_per_mtok": 1_000_000} if price is None else price
    body = {"provider": "openai", "provider_model": "no-such-model", "max_output_tokens": 100} | ({"price": price} if price else {})
    case = {
        "prompt": REF, "model": REF, "collections": ["c"], "budget": budget, "redaction_policy": REF, "max_output_tokens": 100,
    }  # fmt: skip
    for kind, name, content in (("model", "m", body), ("use_case", "u", case), ("budget", budget, {"limit_micros": limit})):
        catalogue.apply(builders.registry_entry(kind, name, content))
    return catalogue


@pytest.fixture(scope="module")
async def database(database_url):
    database = await Database.open(database_url, schema="cost", max_size=20)
    await database.migrate("chancery_cost")
    yield database
    await database.close()


async def _handle(database, handler, event, catalogue):
    async with database.transaction() as connection:
        return await handler(event, Ports(PostgresLedger(connection, QUERIES), GenaiPriceList(), catalogue, builders.T0))


async def _budget(database, name):
    async with database.reading() as connection:
        return dict(await connection.fetchrow("SELECT reserved_micros, spent_micros, limit_micros FROM budgets WHERE name = $1", name))


def _grounded(**attributes):
    return builders.grounded(use_case=VersionRef(name="u", version=1), **attributes)


async def test_sixty_four_at_once_never_pass_the_limit(database):
    first = await _handle(database, reserve, _grounded(), _catalogue(10**9, "probe"))
    amount = first[0].data.reservation.amount_micros
    catalogue = _catalogue(amount * 10 + amount // 2, "race")
    outcomes = await asyncio.gather(*(_handle(database, reserve, _grounded(), catalogue) for _ in range(64)))
    kinds = [type(events[0].data) for events in outcomes]
    assert kinds.count(InteractionAuthorised) == 10
    assert kinds.count(InteractionRefused) == 54
    assert (await _budget(database, "race"))["reserved_micros"] == amount * 10


async def test_settling_books_what_was_used_and_frees_the_rest(database):
    catalogue = _catalogue(10**9, "settle")
    authorised, _ = await _handle(database, reserve, _grounded(), catalogue)
    usage = builders.usage(
        authorised.data.reservation.reservation_id, usage=TokenUsage(input_uncached=70, output=7), interaction=authorised.interaction
    )
    [posted] = await _handle(database, settle, usage, catalogue)
    assert (posted.data.kind, posted.data.amount_micros) == ("settle", 77)
    assert await _budget(database, "settle") == {"reserved_micros": 0, "spent_micros": 77, "limit_micros": 10**9}
    with pytest.raises(Poison):
        await _handle(database, settle, builders.usage(authorised.data.reservation.reservation_id), catalogue)


async def test_a_refusal_gives_back_and_late_usage_is_still_owed(database):
    catalogue = _catalogue(10**9, "late")
    authorised, _ = await _handle(database, reserve, _grounded(), catalogue)
    refusal = builders.refused(interaction=authorised.interaction)
    assert [event.data.kind for event in await _handle(database, release, refusal, catalogue)] == ["release"]
    assert await _handle(database, release, refusal, catalogue) == []
    await _handle(database, settle, builders.usage(authorised.data.reservation.reservation_id), catalogue)
    assert await _budget(database, "late") == {"reserved_micros": 0, "spent_micros": 110, "limit_micros": 10**9}


async def test_usage_of_a_foreign_reservation_is_poison(database):
    with pytest.raises(Poison):
        await _handle(database, settle, builders.usage("nobodys"), _catalogue(1))


async def test_a_model_without_a_price_is_refused(database):
    [refusal] = await _handle(database, reserve, _grounded(), _catalogue(10**9, price={}))
    assert refusal.data.code == "price_unknown"


async def test_an_old_reservation_is_given_back_once(database):
    catalogue, published = _catalogue(10**9, "old"), []
    await _handle(database, reserve, _grounded(), catalogue)

    class Recorder:
        async def publish(self, event):
            published.append(event)

    async with database.transaction() as connection:
        now = await connection.fetchval("SELECT now()")
    expiry = ReservationExpiry(database, QUERIES, Recorder(), lambda: now, expired)
    while await expiry.expire(now + timedelta(seconds=1)):
        pass
    assert (await _budget(database, "old"))["reserved_micros"] == 0
    assert len({event.id for event in published}) == len(published) > 0
