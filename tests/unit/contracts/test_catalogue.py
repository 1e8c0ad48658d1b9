"""The catalogue: versions that never change, in force from a date, a tenant's own before the shared ones."""

from datetime import UTC, datetime

import msgspec
import pytest
from chancery_contracts import Poison, VersionRef
from chancery_contracts.bodies import BudgetBody, PromptBody
from chancery_contracts.catalogue import SHARED, Catalogue
from chancery_testing.builders import T0, registry_entry
from chancery_testing.governing import Pen


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


def test_a_tenants_entry_is_its_own_and_opens_nothing_before_it_is_live():
    pen = Pen("tenant", "bank", tenant="bank")
    thief = Pen("tenant", "bank", tenant="thief")
    catalogue = _catalogue(
        pen.draft({"display_name": "Bank"}),
        *thief.approved({"display_name": "Thief", "api_key_sha256": ["0" * 64]}), thief.activate(),
        registry_entry("tenant", "bank", {"display_name": "Thief"}, tenant="thief2"),
    )  # fmt: skip
    assert dict(catalogue.tenants(pen.at)) == {}
    for event in (pen.ask(), pen.review(), pen.activate()):
        catalogue.apply(event)
    assert {name: body.display_name for name, body in catalogue.tenants(pen.at)} == {"bank": "Bank"}


def test_a_draft_that_this_code_cannot_read_counts_without_a_body():
    pen = Pen("prompt", "p")
    catalogue = _catalogue(pen.draft({"of": "a later release"}), pen.draft())
    assert catalogue.body(SHARED, "prompt", "p", 1) is None
    assert catalogue.pinned("acme", "prompt", VersionRef(name="p", version=2), PromptBody) is not None


def test_what_does_not_count_makes_no_thing():
    catalogue = Catalogue()
    with pytest.raises(Poison, match="does not count"):
        catalogue.apply(Pen("prompt", "p").comment())
    assert (list(catalogue.things()), catalogue.named(SHARED, "prompt")) == ([], [])
