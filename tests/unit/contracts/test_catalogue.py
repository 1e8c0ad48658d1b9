"""The catalogue: versions that never change, in force from a date, a tenant's own before the shared ones."""

from datetime import UTC, datetime

import msgspec
import pytest
from chancery_contracts import Poison, VersionRef
from chancery_contracts.bodies import BudgetBody
from chancery_contracts.catalogue import Catalogue
from chancery_testing.builders import T0, registry_entry


def _catalogue(*events):
    catalogue = Catalogue()
    for event in events:
        catalogue.apply(event)
    return catalogue


def _from(event, since):
    return msgspec.structs.replace(event, data=event.data.model_copy(update={"effective_from": since}))


def test_the_highest_version_in_force_is_taken():
    later = _from(registry_entry("budget", "b", {"limit_micros": 3}, version=3), datetime(2027, 1, 1, tzinfo=UTC))
    catalogue = _catalogue(
        registry_entry("budget", "b", {"limit_micros": 1}), registry_entry("budget", "b", {"limit_micros": 2}, version=2), later
    )
    assert catalogue.in_force("acme", "budget", "b", T0, BudgetBody) == (VersionRef(name="b", version=2), BudgetBody(limit_micros=2))


def test_a_version_keeps_its_first_content():
    catalogue = _catalogue(registry_entry("budget", "b", {"limit_micros": 1}), registry_entry("budget", "b", {"limit_micros": 9}))
    assert catalogue.pinned("acme", "budget", VersionRef(name="b", version=1), BudgetBody) == BudgetBody(limit_micros=1)


def test_a_tenants_own_entry_goes_before_the_shared_one_and_stays_its_own():
    catalogue = _catalogue(
        registry_entry("budget", "b", {"limit_micros": 1}), registry_entry("budget", "b", {"limit_micros": 2}, tenant="acme")
    )
    found = [catalogue.in_force(tenant, "budget", "b", T0, BudgetBody) for tenant in ("acme", "other")]
    assert [one[1].limit_micros for one in found if one] == [2, 1]


def test_a_changed_body_does_not_match_its_hash():
    event = registry_entry("budget", "b", {"limit_micros": 1})
    with pytest.raises(Poison, match="hash"):
        _catalogue(msgspec.structs.replace(event, data=event.data.model_copy(update={"body": {"limit_micros": 2}})))


def test_a_body_of_another_kind_is_refused():
    with pytest.raises(Poison, match="not a prompt"):
        _catalogue(registry_entry("prompt", "p", {"limit_micros": 1}))
