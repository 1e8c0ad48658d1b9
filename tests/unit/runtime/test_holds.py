"""Holds are known by what was told of them, in whatever order it came."""

from itertools import permutations

import pytest
from chancery_contracts.privacy import HoldPlaced, HoldReleased
from chancery_runtime.holds import Held, ToldHolds
from chancery_testing import builders


def told(data, tenant="t-a"):
    return builders.event(data, tenant=tenant, interaction=None)


ON_MATTER, ON_OTHER, ON_TENANT = (told(HoldPlaced(matter=matter, reason="r", by="x")) for matter in ("m-1", "m-2", None))
RELEASED = told(HoldReleased(hold=ON_MATTER.id, reason="over", by="x"))
ELSEWHERE = told(HoldReleased(hold=ON_OTHER.id, reason="over", by="x"), tenant="t-b")


@pytest.mark.parametrize("events", permutations([ON_MATTER, ON_OTHER, RELEASED, ELSEWHERE]))
def test_what_is_released_holds_nothing_and_another_tenant_releases_nothing(events):
    holds = ToldHolds()
    for event in (*events, *events):
        holds.learn(event)
    assert holds.held("t-a") == Held(False, frozenset({"m-2"}))
    assert holds.held("t-b") == Held(False, frozenset())


def test_a_hold_on_the_tenant_is_none_on_a_matter():
    holds = ToldHolds()
    holds.learn(ON_TENANT)
    assert holds.held("t-a") == Held(True, frozenset())
