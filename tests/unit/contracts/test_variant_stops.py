"""Stopping a variant: a change on record like any, of a variant that is there and not the control, never in the past."""

from datetime import timedelta
from typing import Any

import pytest
from chancery_contracts import Poison, VersionRef
from chancery_contracts.canonical import body_sha256
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import AnyEvent
from chancery_contracts.governance import Change, VariantStopped, VersionActivated, VersionDrafted
from chancery_testing.builders import T0, event

BODY = {"use_case": "faq", "salt": "s", "variants": [{"name": name, "weight": 1} for name in ("control", "b", "c")]}
REF = VersionRef(name="test", version=1)
MINUTE = timedelta(minutes=1)


def _change(kind: type[Change], sequence: int, **fields: Any) -> AnyEvent:
    change_id = f"change-{sequence}-{fields.get('variant', '')}"
    about = {"kind": "experiment", "name": "test", "actor": "ann", "change_id": change_id, "sequence": sequence, "version": 1}
    return event(kind(**(about | fields)), id=change_id, tenant="acme", interaction=None, time=fields.pop("time", T0))


def _stop(sequence: int, variant: str, **fields: Any) -> AnyEvent:
    return _change(VariantStopped, sequence, **{"variant": variant, "effective_from": T0 + MINUTE, "reason": "worse", **fields})


def _catalogue(*changes: AnyEvent) -> Catalogue:
    """With the experiment in development, where no approval is asked for."""
    catalogue = Catalogue("development")
    drafted = _change(VersionDrafted, 1, body=BODY, body_sha256=body_sha256(BODY))
    live = _change(VersionActivated, 2, environment="development", effective_from=T0, reason="test")
    for change in (drafted, live, *changes):
        catalogue.apply(change)
    return catalogue


class TestAStopThatCounts:
    def test_it_holds_from_its_moment_on_and_no_earlier(self):
        catalogue = _catalogue(_stop(3, "b"))
        states = [catalogue.experiment("acme", REF, at) for at in (T0 + MINUTE - timedelta(microseconds=1), T0 + MINUTE)]
        assert [one.stopped for one in states if one] == [frozenset(), {"b"}]

    def test_the_running_experiment_of_the_use_case_shows_it(self):
        running = _catalogue(_stop(3, "b"), _stop(4, "c")).running("acme", "faq", T0 + MINUTE)
        assert running is not None and running.weights() == {"control": 3, "b": 0, "c": 0}

    def test_another_tenant_or_use_case_has_no_experiment(self):
        catalogue = _catalogue()
        assert catalogue.running("other", "faq", T0) is None
        assert catalogue.running("acme", "contracts", T0) is None

    def test_a_redelivered_stop_changes_nothing(self):
        catalogue = _catalogue(_stop(3, "b"), _stop(3, "b"))
        catalogue.apply(_stop(4, "c"))
        running = catalogue.experiment("acme", REF, T0 + MINUTE)
        assert running is not None and running.stopped == {"b", "c"}


class TestAStopThatDoesNotCount:
    @pytest.mark.parametrize("variant", ["control", "unknown"])
    def test_of_the_control_or_of_none(self, variant):
        with pytest.raises(Poison, match="control"):
            _catalogue(_stop(3, variant))

    def test_a_second_time(self):
        with pytest.raises(Poison, match="stopped"):
            _catalogue(_stop(3, "b"), _stop(4, "b", reason="again"))

    def test_in_the_past(self):
        with pytest.raises(Poison, match="past"):
            _catalogue(_stop(3, "b", effective_from=T0 - MINUTE))

    def test_that_came_second(self):
        with pytest.raises(Poison, match="first"):
            _catalogue(_stop(3, "b"), _stop(3, "c"))

    def test_of_a_version_that_is_not_there(self):
        with pytest.raises(Poison, match="no such version"):
            _catalogue(_stop(3, "b", version=2))
