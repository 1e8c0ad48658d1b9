"""Cost puts requests under variants: every instance alike, after a restart too, and a redelivery as it was the first time."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from chancery_contracts import VersionRef
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import AnyEvent
from chancery_contracts.governance import VariantStopped
from chancery_contracts.interactions import Assignment
from chancery_testing import builders
from chancery_testing.clock import FixedClock
from chancery_testing.governing import Pen
from integration.cost.desk import PRICE, Cost, catalogue, insisting

SINCE = builders.T0 - timedelta(days=1)
OTHER = VersionRef(name="dear", version=1)
PROMPT = VersionRef(name="terse", version=3)
VARIANT = {"name": "b", "weight": 1, "prompt": PROMPT.model_dump(), "model": OTHER.model_dump()}
BODY: dict[str, Any] = {"use_case": "u", "salt": "s", "variants": [{"name": "control", "weight": 3}, VARIANT]}


@pytest.fixture
def pen():
    return Pen("experiment", "test", builders.TENANT, at=SINCE)


@pytest.fixture
def running(pen):
    """The catalogue's events with the experiment live; what a service reads at its start."""
    return [*pen.approved(BODY), pen.activate()]


def _follow(made: Catalogue, *changes: AnyEvent) -> Catalogue:
    made.apply(builders.registry_entry("model", "dear", {"provider": "openai", "provider_model": "x", "price": _twice(PRICE)}))
    for change in changes:
        made.apply(change)
    return made


def _twice(price: dict[str, int]) -> dict[str, int]:
    return {name: 2 * value for name, value in price.items()}


async def _assignments(cost: Cost, count: int, **attributes: Any) -> list[Assignment | None]:
    events = [cost.grounded(conversation=f"c{number}", **attributes) for number in range(count)]
    return [(await insisting(cost.reserve, event))[0].data.assignment for event in events]


async def test_each_instance_and_each_restart_comes_to_the_same(cost, database, running):
    instances = [Cost(database, FixedClock(), catalogue=_follow(catalogue(10**12, "same"), *running)) for _ in range(3)]
    first, *others = await asyncio.gather(*(_assignments(one, 60) for one in instances))
    assert all(other == first for other in others)
    names = [one.variant for one in first if one]
    assert 5 <= names.count("b") <= 30 and len(names) == 60


async def test_the_variants_model_is_reserved_for_and_its_prompt_told(cost, running):
    cost.catalogue = _follow(catalogue(10**12, "model"), *running)
    by_variant = {}
    for number in range(30):
        event = (await cost.reserve(cost.grounded(conversation=f"m{number}")))[0]
        by_variant[event.data.assignment.variant] = event.data
    assert by_variant["b"].model == OTHER and by_variant["b"].assignment.prompt == PROMPT
    assert by_variant["control"].model == VersionRef(name="m", version=1) and by_variant["control"].assignment.prompt is None
    assert by_variant["b"].reservation.amount_micros > by_variant["control"].reservation.amount_micros
    assert by_variant["b"].assignment.weights == {"control": 3, "b": 1}


async def test_a_stopped_variants_conversations_go_to_the_control_and_a_redelivery_stays(cost, running, pen):
    cost.catalogue = _follow(catalogue(10**12, "stop"), *running)
    events = [cost.grounded(conversation=f"s{number}") for number in range(30)]
    before = [(await cost.reserve(event))[0] for event in events]
    stop = pen.write(VariantStopped, version=1, variant="b", reason="worse", effective_from=cost.clock(), actor="guard", at=cost.clock())
    cost.catalogue.apply(stop)
    assert [(await cost.reserve(event))[0] for event in events] == before
    after = await _assignments(cost, 30)
    assert {one.variant for one in after if one} == {"control"}
    assert {tuple(sorted(one.weights.items())) for one in after if one} == {(("b", 0), ("control", 4))}


async def test_what_was_asked_before_a_stop_took_effect_is_assigned_as_of_then(cost, running, pen):
    """A late delivery, on an instance that knows of the stop already."""
    cost.catalogue = _follow(catalogue(10**12, "late"), *running)
    then: datetime = cost.clock()
    expected = await _assignments(cost, 30, time=then)
    later = then + timedelta(seconds=2)
    cost.catalogue.apply(pen.write(VariantStopped, version=1, variant="b", reason="worse", effective_from=later, at=then))
    assert await _assignments(cost, 30, time=then) == expected


async def test_no_experiment_of_another_tenant_or_another_use_case_assigns(cost, running):
    cost.catalogue = _follow(catalogue(10**12, "foreign"), *running)
    assert await _assignments(cost, 5, tenant="other-bank") == [None] * 5


async def test_a_variant_whose_model_is_not_there_refuses_rather_than_changes_the_variant(cost, pen):
    lost = BODY | {"variants": [{"name": "control", "weight": 0}, {"name": "b", "weight": 1, "model": {"name": "gone", "version": 1}}]}
    cost.catalogue = _follow(catalogue(10**12, "gone"), *pen.approved(lost), pen.activate())
    cost.clock.advance(hours=1)
    [refusal] = await cost.reserve(cost.grounded(time=cost.clock() - timedelta(minutes=5)))
    assert refusal.data.code == "price_unknown"
