"""Units on real PostgreSQL: counted once, in the order in which they began, whoever counts; and the guard over them."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from chancery_bus import Received
from chancery_contracts import VersionRef
from chancery_contracts.assignment import Running
from chancery_contracts.bodies import ExperimentBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import AnyEvent
from chancery_contracts.governance import VariantStopped
from chancery_contracts.interactions import Assignment
from chancery_registry.adapters.guarding import Guard
from chancery_registry.adapters.outcomes import PostgresOutcomes
from chancery_registry.adapters.trial_states import Trials
from chancery_registry.adapters.unit_counting import GRACE, PostgresUnits
from chancery_storage import Database, load_queries
from chancery_testing import builders
from chancery_testing.builders import T0
from chancery_testing.clock import FixedClock
from chancery_testing.governing import Pen

WINDOW, PATIENCE = timedelta(seconds=60), timedelta(seconds=300)
REF = VersionRef(name="test", version=1)
QUERIES = load_queries("chancery_registry")
BODY: dict[str, Any] = {
    "use_case": "bank-faq", "salt": "s", "window_s": 60, "max_sample": 400,
    "variants": [{"name": "a", "weight": 1}, {"name": "b", "weight": 1}],
}  # fmt: skip


@pytest.fixture(scope="module")
async def database(database_url):
    database = await Database.open(database_url, schema="registry")
    await database.migrate("chancery_registry")
    yield database
    await database.close()


class Bench:
    """One tenant's experiment, its outcomes, and who counts them; `at` is in seconds after the beginning."""

    def __init__(self, database: Database) -> None:
        self.tenant = f"t{uuid4().hex[:12]}"
        self.database = database
        self.outcomes = PostgresOutcomes(database, QUERIES)
        self.units = PostgresUnits(database, QUERIES, PATIENCE)
        self.running = Running(self.tenant, REF, ExperimentBody.model_validate(BODY))

    async def take(self, *events: AnyEvent) -> None:
        await self.outcomes.write(await self.outcomes.prepare([Received(event, "topic", 0, 0, 0) for event in events]))

    def begin(self, unit: str, at: float, variant: str = "a", interaction: str | None = None) -> AnyEvent:
        assignment = Assignment(experiment=REF, variant=variant, weights={"a": 1, "b": 1})
        return builders.authorised(assignment=assignment, **self._about(unit, at, interaction))

    def end(self, unit: str, at: float, verdict: str = "release", variant: str = "a", interaction: str | None = None) -> AnyEvent:
        assignment = Assignment(experiment=REF, variant=variant, weights={"a": 1, "b": 1})
        return builders.validated(assignment=assignment, verdict=verdict, **self._about(unit, at, interaction))

    def _about(self, unit: str, at: float, interaction: str | None) -> dict[str, Any]:
        return {"tenant": self.tenant, "conversation": unit, "interaction": interaction or unit, "time": T0 + timedelta(seconds=at)}

    async def close(self, at: float) -> int:
        """Counts as of the first moment at which a window that ended at `at` is over."""
        now: datetime = T0 + timedelta(seconds=at, microseconds=1) + GRACE
        return await self.units.close(self.tenant, REF, self.running.body, now)

    async def counted(self) -> list[tuple[str, str, dict[str, float]]]:
        async with self.database.reading() as connection:
            rows = await connection.fetch(
                'SELECT unit, variant, "values" AS found FROM experiment_units WHERE tenant = $1 ORDER BY sequence', self.tenant
            )
        return [(row["unit"], row["variant"], json.loads(row["found"])) for row in rows]

    async def names(self) -> list[str]:
        return [unit for unit, _, _ in await self.counted()]


@pytest.fixture
def bench(database):
    return Bench(database)


class TestClosing:
    async def test_a_unit_counts_once_its_window_is_over_with_the_mean_of_what_began_in_it(self, bench):
        await bench.take(bench.begin("u", 0), bench.end("u", 5))
        await bench.take(bench.begin("u", 60, interaction="second"), bench.end("u", 65, "withhold", interaction="second"))
        await bench.take(bench.begin("u", 61, interaction="late"), bench.end("u", 62, "withhold", interaction="late"))
        assert await bench.close(59) == 0
        assert await bench.close(60) == 1
        assert await bench.counted() == [("u", "a", {"released": 0.5})]
        await bench.take(bench.begin("u", 90, interaction="later"), bench.end("u", 91, interaction="later"))
        assert (await bench.close(200), await bench.names()) == (0, ["u"])

    async def test_units_are_counted_in_the_order_in_which_they_began(self, bench):
        for unit, at in (("third", 2), ("first", 0), ("second", 1)):
            await bench.take(bench.end(unit, at + 0.5), bench.begin(unit, at))
        await bench.close(100)
        assert await bench.names() == ["first", "second", "third"]

    async def test_one_that_has_not_ended_holds_up_those_that_began_later_until_patience_ends(self, bench):
        await bench.take(bench.begin("slow", 0, "b"), bench.begin("fast", 1), bench.end("fast", 2))
        assert await bench.close(100) == 0
        assert await bench.close(60 + PATIENCE.total_seconds()) == 2
        assert await bench.counted() == [("slow", "b", {"released": 0.0}), ("fast", "a", {"released": 1.0})]

    async def test_it_counts_for_the_variant_of_its_first_interaction(self, bench):
        """The variant was stopped in between, and its conversations went over to the control."""
        await bench.take(bench.begin("u", 0, "b"), bench.end("u", 1, "withhold", "b"))
        await bench.take(bench.begin("u", 10, "a", "second"), bench.end("u", 11, "release", "a", "second"))
        await bench.close(60)
        assert await bench.counted() == [("u", "b", {"released": 0.5})]

    async def test_two_instances_at_once_count_each_unit_once(self, bench):
        events = [event for n in range(300) for event in (bench.begin(f"u{n:03}", n / 10), bench.end(f"u{n:03}", n / 10 + 1))]
        await bench.take(*events)
        await asyncio.gather(*(bench.close(200) for _ in range(4)))
        await bench.close(200)
        assert await bench.names() == [f"u{n:03}" for n in range(300)]


class TestGuard:
    """With a stop that is put on the topic; a fake of the topic here, the real one in `test_experiments.py`."""

    @pytest.fixture
    def pen(self, bench):
        return Pen("experiment", "test", bench.tenant, at=T0 - timedelta(hours=1))

    @pytest.fixture
    def catalogue(self, pen):
        made = Catalogue()
        for change in [*pen.approved(BODY), pen.activate()]:
            made.apply(change)
        return made

    @pytest.fixture
    def stops(self):
        return []

    @pytest.fixture
    def guard(self, bench, catalogue, pen, stops):
        clock = FixedClock(T0 + timedelta(hours=1))

        async def stop(tenant: str, ref: VersionRef, variant: str, reason: str) -> None:
            stops.append((tenant, ref, variant, reason))
            soon = clock() + timedelta(seconds=2)
            said = {"version": ref.version, "variant": variant, "reason": reason, "effective_from": soon, "actor": "guard"}
            catalogue.apply(pen.write(VariantStopped, at=clock(), **said))

        return Guard(catalogue, bench.units, Trials(bench.database, QUERIES), stop, clock)

    async def test_a_variant_that_is_worse_is_stopped_once(self, bench, guard, stops):
        await bench.take(*_conversations(bench, 200, worse=0.4))
        for _ in range(3):
            await guard.watch()
        assert [(tenant, ref, variant) for tenant, ref, variant, _ in stops] == [(bench.tenant, REF, "b")]
        assert "released is worse" in stops[0][3]

    async def test_a_variant_that_is_as_good_is_not(self, bench, guard, stops):
        await bench.take(*_conversations(bench, 200, worse=0.0))
        await guard.watch()
        assert stops == [] and len(await bench.names()) == 200

    async def test_what_was_stopped_is_known_after_a_restart(self, bench, guard, catalogue, stops):
        await bench.take(*_conversations(bench, 200, worse=0.4))
        await guard.watch()
        again = Guard(catalogue, bench.units, Trials(bench.database, QUERIES), _never, FixedClock(T0 + timedelta(hours=2)))
        await bench.take(bench.begin("new", 3_000), bench.end("new", 3_001))
        await again.watch()
        assert len(stops) == 1 and "new" in await bench.names()


async def _never(*_: object) -> None:
    raise AssertionError("stopped twice")


def _conversations(bench: Bench, count: int, worse: float) -> Sequence[AnyEvent]:
    """Every tenth of `a` is withheld; of `b` so many more."""
    events = []
    for number in range(count):
        variant = "ab"[(number * 7919 // 13) % 2]
        bad = number % 20 < 2 + (20 * worse if variant == "b" else 0)
        verdict = "withhold" if bad else "release"
        events += [bench.begin(f"u{number:03}", number, variant), bench.end(f"u{number:03}", number + 1, verdict, variant)]
    return events
