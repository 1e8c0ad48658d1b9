"""Outcomes on real PostgreSQL: events in any order, any of them twice, two writers at once; one tenant's are no other's."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from chancery_bus import Received
from chancery_contracts import VersionRef
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Retry
from chancery_contracts.interactions import Assignment, Attempt, TokenUsage
from chancery_registry.adapters.outcomes import PostgresOutcomes
from chancery_storage import Database, load_queries
from chancery_testing import builders
from chancery_testing.builders import MODEL, T0

ASSIGNED = Assignment(experiment=VersionRef(name="test", version=2), variant="b", weights={"a": 1, "b": 1})
COLUMNS = "costed_by", "counted"


@pytest.fixture(scope="module")
async def database(database_url):
    database = await Database.open(database_url, schema="registry")
    await database.migrate("chancery_registry")
    yield database
    await database.close()


@pytest.fixture
def outcomes(database):
    return PostgresOutcomes(database, load_queries("chancery_registry"))


async def _take(outcomes: PostgresOutcomes, events: Sequence[AnyEvent]) -> None:
    batch = [Received(event, "topic", 0, number, 0) for number, event in enumerate(events)]
    await outcomes.write(await outcomes.prepare(batch))


async def _row(database: Database, tenant: str, interaction: str) -> dict[str, Any]:
    async with database.reading() as connection:
        row = await connection.fetchrow("SELECT * FROM outcomes WHERE tenant = $1 AND interaction = $2", tenant, interaction)
    return {} if row is None else {name: value for name, value in row.items() if name not in COLUMNS}


def _story(interaction: str, tenant: str = builders.TENANT) -> list[AnyEvent]:
    """An answer, two charges, and two words of people about it."""
    about = {"interaction": interaction, "conversation": "talk", "tenant": tenant}

    def later(seconds: int) -> dict[str, Any]:
        return about | {"time": T0 + timedelta(seconds=seconds)}

    attempts = (
        Attempt(ordinal=1, model=MODEL, outcome="timeout", latency_ms=900),
        Attempt(ordinal=2, model=MODEL, outcome="answered", latency_ms=90),
    )
    return [
        builders.authorised(assignment=ASSIGNED, **about),
        builders.validated(
            assignment=ASSIGNED, attempts=attempts, verdict="escalate", answered_by=VersionRef(name="other", version=4),
            usage=TokenUsage(input_uncached=7, output=3), **later(3),
        ),
        builders.settled(40, **later(2)), builders.settled(2, **later(4)), builders.settled(99, kind="reserve", **later(0)),
        builders.reviewed(decision="withhold", **later(60)), builders.reviewed(decision="release", **later(90)),
    ]  # fmt: skip


class TestOneInteraction:
    async def test_its_row_says_what_its_events_said(self, outcomes, database):
        await _take(outcomes, _story("whole"))
        row = await _row(database, builders.TENANT, "whole")
        assert {name: row[name] for name in ("unit", "begun_at", "ended_at", "prompt", "model", "model_version", "variant")} == {
            "unit": "talk", "begun_at": T0, "ended_at": T0 + timedelta(seconds=3), "prompt": "answer", "model": "other",
            "model_version": 4, "variant": "b",
        }  # fmt: skip
        assert (row["latency_ms"], row["attempts"], row["cost_micros"], row["verdict"], row["human_score"]) == (990, 2, 42, "escalate", 1.0)

    @pytest.mark.parametrize("seed", range(12))
    async def test_any_order_any_batches_and_redeliveries_come_to_the_same(self, outcomes, database, seed):
        drawn, story = random.Random(seed), _story(f"in-order-{seed}")
        await _take(outcomes, story)
        expected = await _row(database, builders.TENANT, f"in-order-{seed}")
        shuffled = [replaced for event in story for replaced in (event,) * drawn.randint(1, 3)]
        drawn.shuffle(shuffled)
        name = f"shuffled-{seed}"
        for event in shuffled:
            await _take(outcomes, [_renamed(event, name)])
        assert await _row(database, builders.TENANT, name) == expected | {"interaction": name}

    async def test_cost_that_comes_before_the_answer_is_kept(self, outcomes, database):
        event = builders.settled(40, interaction="early")
        await _take(outcomes, [event])
        await _take(outcomes, [event, builders.validated(interaction="early", time=T0 + timedelta(seconds=1))])
        assert (await _row(database, builders.TENANT, "early"))["cost_micros"] == 40

    async def test_a_refused_interaction_counts_for_its_variant(self, outcomes, database):
        await _take(outcomes, [builders.refused(interaction="no", stage="generation", code="model_failed")])
        await _take(outcomes, [builders.authorised(interaction="no", assignment=ASSIGNED)])
        row = await _row(database, builders.TENANT, "no")
        assert (row["variant"], row["refused_code"], row["verdict"]) == ("b", "model_failed", None)


class TestManyAtOnce:
    async def test_two_writers_of_the_same_events_in_opposite_orders_count_each_once(self, outcomes, database):
        stories = [event for number in range(60) for event in _story(f"race-{number}")]
        other = PostgresOutcomes(database, load_queries("chancery_registry"))
        await asyncio.gather(_insist(outcomes, stories), _insist(other, stories[::-1]))
        async with database.reading() as connection:
            rows = await connection.fetch("SELECT cost_micros, human_score FROM outcomes WHERE interaction LIKE 'race-%'")
        assert [(row["cost_micros"], row["human_score"]) for row in rows] == [(42, 1.0)] * 60

    async def test_one_id_of_two_tenants_is_two_interactions(self, outcomes, database):
        await _take(outcomes, [*_story("shared", "north"), *_story("shared", "south")[:1]])
        assert ((await _row(database, "north", "shared"))["cost_micros"], (await _row(database, "south", "shared"))["cost_micros"]) == (
            42,
            None,
        )


async def _insist(outcomes: PostgresOutcomes, events: Sequence[AnyEvent]) -> None:
    """Batches of twenty, each again after a passing fault, as the runner does it."""
    for start in range(0, len(events), 20):
        for _ in range(50):
            try:
                await _take(outcomes, events[start : start + 20])
                break
            except Retry:
                await asyncio.sleep(0)
        else:
            raise AssertionError("Retry without end")


def _renamed(event: AnyEvent, interaction: str) -> AnyEvent:
    return msgspec.structs.replace(event, interaction=interaction)
