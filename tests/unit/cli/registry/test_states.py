"""What the registry answers becomes what planning needs: was it live, was it sent back, does it go live later, why an emergency."""

from datetime import UTC, datetime, timedelta

import pytest
from chancery_cli.registry.naming import Thing
from chancery_cli.registry.states import REVIEWED, known_of

NOW = datetime(2026, 5, 1, 14, 2, tzinfo=UTC)
PROMPT = Thing("a-bank", "prompt", "answer")


def at(minutes):
    return (NOW + timedelta(minutes=minutes)).isoformat()


def version(number, **more):
    return {"version": number, "body_sha256": f"{number}", "state": "approved", "stage": "approved", "founded_from": None,
            "retired_from": None, "evidence": []} | more  # fmt: skip


def activation(number, minutes, sequence, *, emergency=False, environment="production"):
    return {"environment": environment, "version": number, "effective_from": at(minutes), "sequence": sequence, "reason": f"why {sequence}",
            "emergency": emergency}  # fmt: skip


def reviewed(number, decision, outcome="counted"):
    return {"type": REVIEWED, "version": number, "outcome": outcome, "data": {"decision": decision}}


def known(versions, activations=(), history=(), live=None, environment="production"):
    detail = {"sequence": 9, "versions": versions, "activations": list(activations), "history": list(history), "live": live or {}}
    return known_of(PROMPT, detail, environment, NOW)


class TestVersions:
    def test_was_live_by_an_activation_in_force_or_by_its_foundation(self):
        found = known([version(1, founded_from=at(-60)), version(2), version(3)], [activation(2, -5, 4), activation(3, 5, 5)])
        assert [one.was_live for one in found.versions] == [True, True, False]
        assert found.version(3).live_from == NOW + timedelta(minutes=5)

    def test_another_environment_is_another_matter(self):
        found = known([version(1), version(2)], [activation(2, -5, 4, environment="test")], live={"test": 2})
        assert (found.live, found.version(2).was_live) == (None, False)

    def test_retired_is_not_usable_from_that_moment_on(self):
        found = known([version(1, retired_from=at(-1)), version(2, retired_from=at(1))])
        assert [one.usable for one in found.versions] == [False, True]

    @pytest.mark.parametrize(
        ("stage", "history", "rejected"),
        [
            ("draft", [reviewed(1, "reject")], True),
            ("draft", [], False),
            ("draft", [reviewed(1, "reject", "refused")], False),
            ("in_review", [reviewed(1, "reject")], False),
            ("approved", [reviewed(1, "reject"), reviewed(1, "approve")], False),
        ],
    )
    def test_sent_back_and_not_put_to_review_since(self, stage, history, rejected):
        assert known([version(1, stage=stage)], history=history).version(1).rejected is rejected


class TestEmergency:
    def test_is_that_of_the_last_activation_in_force(self):
        back = [activation(2, -9, 4), activation(1, -5, 5, emergency=True)]
        assert known([version(1), version(2)], back).emergency == "why 5"
        assert known([version(1), version(2)], [*back, activation(2, -1, 6)]).emergency is None
        assert known([version(1), version(2)], [*back, activation(2, 1, 6)]).emergency == "why 5"

    def test_of_one_moment_the_later_decision(self):
        assert known([version(1), version(2)], [activation(1, -5, 5, emergency=True), activation(2, -5, 4)]).emergency == "why 5"


class TestHolding:
    def test_the_live_one_before_newer_ones_of_the_same_body(self):
        found = known([version(1, body_sha256="same"), version(2), version(3, body_sha256="same")], live={"production": 1})
        assert found.holding("same").number == 1
        assert known([version(1, body_sha256="same"), version(3, body_sha256="same")]).holding("same").number == 3

    def test_never_one_that_somebody_retired(self):
        assert known([version(1, body_sha256="same", retired_from=at(-1))]).holding("same") is None
