"""Budgets on real PostgreSQL: no race overspends, each movement is made once, what is held comes free."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from chancery_contracts import VersionRef
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.failures import Poison, Retry
from chancery_contracts.interactions import InteractionAuthorised, InteractionRefused, TokenUsage
from chancery_testing import builders
from chancery_testing.clock import FixedClock
from integration.cost.desk import Cost, catalogue, insisting


class TestReserving:
    async def test_sixty_four_at_once_never_pass_the_limit(self, cost):
        cost.catalogue = catalogue(10**9, "probe")
        amount = (await cost.authorised()).data.reservation.amount_micros
        cost.catalogue = catalogue(amount * 10 + amount // 2, "race")
        outcomes = await asyncio.gather(*(cost.reserve(cost.grounded()) for _ in range(64)))
        kinds = [type(events[0].data) for events in outcomes]
        assert (kinds.count(InteractionAuthorised), kinds.count(InteractionRefused)) == (10, 54)
        assert {events[0].data.code for events in outcomes if isinstance(events[0].data, InteractionRefused)} == {"budget_exceeded"}
        assert (await cost.budget("race"))["reserved"] == amount * 10

    async def test_a_redelivery_answers_the_same_and_holds_once(self, cost):
        cost.catalogue = catalogue(10**9, "again")
        event = cost.grounded()
        first = await cost.reserve(event)
        cost.clock.advance(hours=1)
        assert await cost.reserve(event) == first
        assert (await cost.budget("again"))["reserved"] == first[0].data.reservation.amount_micros

    async def test_two_processes_on_one_event_hold_once(self, cost, database):
        """A frozen process that wakes up beside the one that took over."""
        cost.catalogue = catalogue(10**9, "zombie")
        event, others = cost.grounded(), [cost, *(Cost(database, FixedClock(), catalogue=cost.catalogue) for _ in range(7))]
        answers = await asyncio.gather(*(insisting(one.reserve, event) for one in others))
        assert all(answer == answers[0] for answer in answers)
        assert (await cost.budget("zombie"))["reserved"] == answers[0][0].data.reservation.amount_micros

    async def test_the_posting_and_its_event_have_one_derived_id(self, cost):
        cost.catalogue = catalogue(10**9, "ids")
        authorised, posted = await cost.reserve(cost.grounded(conversation="c1", matter="m1"))
        async with cost.database.reading() as connection:
            assert await connection.fetchval("SELECT posting_id FROM postings WHERE interaction = $1", authorised.interaction) == posted.id
        assert (posted.conversation, posted.matter, posted.causation) == ("c1", "m1", authorised.causation)

    @pytest.mark.parametrize(
        ("price", "code"), [(None, "price_unknown"), ({"input_micros_per_mtok": 10**30, "output_micros_per_mtok": 1}, "budget_exceeded")]
    )
    async def test_a_price_that_is_unknown_or_absurd_refuses(self, cost, price, code):
        cost.catalogue = catalogue(10**40, "absurd", price=price)
        [refusal] = await cost.reserve(cost.grounded())
        assert refusal.data.code == code

    async def test_a_budget_in_another_currency_refuses(self, cost):
        cost.catalogue = catalogue(10**9, "francs", currency="CHF")
        [refusal] = await cost.reserve(cost.grounded())
        assert refusal.data.code == "price_unknown"

    async def test_what_is_missing_in_the_registry_is_waited_for_and_then_refused(self, cost):
        event = cost.grounded()
        with pytest.raises(Retry) as waiting:
            await cost.reserve(event)
        assert waiting.value.code == "unknown_use_case"
        cost.clock.advance(seconds=11)
        [refusal] = await cost.reserve(event)
        assert refusal.data.code == "unknown_use_case"

    async def test_a_new_day_has_a_new_budget_by_the_events_time_in_utc(self, cost):
        cost.catalogue = catalogue(1_200, "daily", period="day")
        late, early = datetime(2026, 11, 2, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 3, 0, 0, 1, tzinfo=UTC)
        cost.clock.now = early
        kinds = [type((await cost.authorised(time=time)).data) for time in (late, late, early)]
        assert kinds == [InteractionAuthorised, InteractionRefused, InteractionAuthorised]
        assert (await cost.budget("daily", "2026-11-02"))["reserved"] == (await cost.budget("daily", "2026-11-03"))["reserved"] > 0

    async def test_a_new_version_changes_the_limit_and_a_late_event_does_not_change_it_back(self, cost):
        old, new = catalogue(10**9, "moving"), catalogue(500, "moving", version=2)
        cost.catalogue = old
        assert isinstance((await cost.authorised()).data, InteractionAuthorised)
        before = cost.clock()
        cost.clock.advance(minutes=1)
        cost.catalogue = new
        assert isinstance((await cost.authorised()).data, InteractionRefused)
        assert (await cost.budget("moving"))["limit"] == 500
        cost.catalogue = old  # another process, whose registry is behind
        assert isinstance((await cost.authorised(time=before)).data, InteractionRefused)
        assert (await cost.budget("moving"))["limit"] == 500

    async def test_a_database_that_is_away_says_that_the_cost_could_not_be_reserved(self, database_url):
        from chancery_storage import Database

        database = await Database.open(database_url, schema="cost")
        await database.close()
        cost = Cost(database, catalogue=catalogue(1))
        with pytest.raises(Retry) as fault:
            await cost.reserve(cost.grounded())
        assert fault.value.code == "cost_unavailable"


class TestSettling:
    async def test_it_books_what_was_used_and_frees_the_rest(self, cost):
        cost.catalogue = catalogue(10**9, "settle")
        authorised = await cost.authorised()
        usage = cost.usage(authorised, usage=TokenUsage(input_uncached=70, output=7))
        [posted] = await cost.settle(usage)
        assert (posted.data.kind, posted.data.amount_micros, posted.data.currency) == ("settle", 77, "USD")
        assert await cost.settle(usage) == [posted]
        assert await cost.budget("settle") == {"reserved": 0, "spent": 77, "limit": 10**9}
        with pytest.raises(Poison):
            await cost.settle(cost.usage(authorised))

    async def test_two_processes_on_one_usage_book_once(self, cost, database):
        cost.catalogue = catalogue(10**9, "twice")
        usage = cost.usage(await cost.authorised())
        others = [cost, *(Cost(database, FixedClock(), catalogue=cost.catalogue) for _ in range(7))]
        answers = await asyncio.gather(*(insisting(one.settle, usage) for one in others))
        assert all(answer == answers[0] for answer in answers)
        assert (await cost.budget("twice"))["spent"] == 110

    async def test_a_refusal_gives_back_and_late_usage_is_still_owed(self, cost):
        cost.catalogue = catalogue(10**9, "late")
        authorised = await cost.authorised()
        refusal = builders.refused(interaction=authorised.interaction)
        assert [event.data.kind for event in await cost.settle(refusal)] == ["release"]
        assert await cost.settle(builders.refused(interaction=authorised.interaction)) == []
        await cost.settle(cost.usage(authorised))
        assert await cost.budget("late") == {"reserved": 0, "spent": 110, "limit": 10**9}
        assert [kind for kind, _ in await cost.postings(authorised.interaction)] == ["release", "reserve", "settle"]

    async def test_a_refusal_of_another_tenant_or_namespace_gives_nothing_back(self, cost):
        cost.catalogue = catalogue(10**9, "walls")
        authorised = await cost.authorised()
        for other in ({"tenant": "other-bank"}, {"namespace": "replay-1"}):
            assert await cost.settle(builders.refused(interaction=authorised.interaction, **other)) == []

    async def test_usage_of_a_foreign_reservation_is_waited_for_and_then_poison(self, cost):
        usage = builders.usage("nobodys", time=cost.clock())
        with pytest.raises(Retry):
            await cost.settle(usage)
        cost.clock.advance(seconds=61)
        with pytest.raises(Poison):
            await cost.settle(usage)

    async def test_usage_of_another_tenants_reservation_is_poison(self, cost):
        cost.catalogue = catalogue(10**9, "theirs")
        with pytest.raises(Poison):
            await cost.settle(cost.usage(await cost.authorised(), tenant="other-bank"))

    @pytest.mark.parametrize("reservation_id", ["", "\x00", "x" * 500, "'; DROP TABLE budgets; --"])
    async def test_a_malformed_reservation_is_poison_at_once(self, cost, reservation_id):
        with pytest.raises(Poison):
            await cost.settle(builders.usage(reservation_id, time=cost.clock()))

    async def test_usage_beyond_what_can_be_booked_is_poison(self, cost):
        cost.catalogue = catalogue(10**9, "huge")
        with pytest.raises(Poison):
            await cost.settle(cost.usage(await cost.authorised(), usage=TokenUsage(output=10**40)))

    async def test_a_model_without_a_price_costs_all_that_was_reserved(self, cost):
        """A route to another model must not make a call free."""
        cost.catalogue = catalogue(10**9, "routed")
        unpriced = {"provider": "openai", "provider_model": "no-such-model"}
        cost.catalogue.apply(builders.registry_entry("model", "other", unpriced))
        authorised = await cost.authorised()
        [posted] = await cost.settle(cost.usage(authorised, model=VersionRef(name="other", version=1)))
        assert posted.data.amount_micros == authorised.data.reservation.amount_micros
        assert posted.data.price_source == "reservation"


async def _without_earlier(cost):
    """Ends what other tests left open."""
    await cost.expiry.release(cost.clock() + timedelta(days=1))
    await cost.expiry.announce()
    cost.published.events.clear()


class TestExpiry:
    async def test_an_old_reservation_is_given_back_and_told_once(self, cost):
        cost.catalogue = catalogue(10**9, "old")
        await _without_earlier(cost)
        authorised = await cost.authorised(conversation="c1")
        cost.clock.advance(seconds=900)
        assert await cost.expiry.release(cost.clock()) == 1
        assert await cost.expiry.release(cost.clock()) == 0
        assert (await cost.budget("old"))["reserved"] == 0
        assert [await cost.expiry.announce(), await cost.expiry.announce()] == [1, 0]
        [event] = cost.published.events
        assert (event.data.kind, event.data.amount_micros) == ("release", authorised.data.reservation.amount_micros)
        assert (event.conversation, event.interaction, event.causation) == ("c1", authorised.interaction, authorised.causation)
        await cost.settle(cost.usage(authorised))
        assert (await cost.budget("old"))["spent"] == 110

    async def test_what_kafka_did_not_take_is_told_later_with_the_same_content(self, cost):
        cost.catalogue = catalogue(10**9, "outbox")
        await _without_earlier(cost)
        authorised = await cost.authorised()
        cost.clock.advance(seconds=901)
        cost.published.away = True
        await cost.expiry.release(cost.clock())
        with pytest.raises(Retry):
            await cost.expiry.announce()
        assert (await cost.budget("outbox"))["reserved"] == 0
        cost.published.away = False

        class Dies(Exception):
            pass

        async def publish_and_die(event):
            await type(cost.published).publish(cost.published, event)
            raise Dies

        cost.published.publish = publish_and_die
        with pytest.raises(Dies):
            await cost.expiry.announce()
        del cost.published.publish
        cost.clock.advance(seconds=60)
        await cost.expiry.announce()
        told = [event for event in cost.published.events if event.interaction == authorised.interaction]
        assert len(told) == 2
        assert told[0] == told[1]


async def test_after_any_sequence_the_sums_of_the_postings_are_the_budget(cost):
    """Also under concurrency: spent = settled, reserved = what is open, and the limit holds."""
    draw = random.Random(7)  # a test's choices, repeatable
    limit = 40_000
    cost.catalogue = catalogue(limit, "walk")

    async def live() -> None:
        event = cost.grounded()
        [first, *_] = await cost.reserve(event)
        if isinstance(first.data, InteractionRefused):
            return
        usage = cost.usage(first, usage=TokenUsage(input_uncached=draw.randrange(900), output=draw.randrange(100)))
        refusal = builders.refused(interaction=first.interaction)
        steps = draw.choice([[], [usage], [refusal], [usage, refusal], [usage, usage]])
        for step in steps:
            await insisting(cost.settle, step)
            row = await cost.budget("walk")
            assert 0 <= row["spent"] + row["reserved"] <= limit

    await asyncio.gather(*(live() for _ in range(120)))
    query = """SELECT (SELECT COALESCE(sum(amount_micros), 0) FROM postings WHERE budget = 'walk' AND kind = 'settle') AS settled,
                      (SELECT COALESCE(sum(amount_micros), 0) FROM reservations WHERE budget = 'walk' AND state = 'open') AS open"""
    async with cost.database.reading() as connection:
        row = await connection.fetchrow(query)
    assert await cost.budget("walk") == {"spent": row["settled"], "reserved": row["open"], "limit": limit}
    assert row["settled"] > 0


async def test_an_empty_registry_is_no_reason_to_crash(cost):
    cost.catalogue = Catalogue()
    with pytest.raises(Retry):
        await cost.reserve(cost.grounded())
