"""The order in which an interaction's steps are told."""

import pytest
from chancery_contracts.interactions import InteractionCompleted
from chancery_gateway.domain.progress import ORDER, Step, forerunners, in_order


def _step(stage, at_ms=0):
    return Step("t", "i", stage, at_ms, "topic", 0, 0)


def _end(outcome="released", stage="restore"):
    return InteractionCompleted(outcome=outcome, use_case="u", stage=stage)


def test_steps_of_one_millisecond_stand_in_the_pipelines_order():
    assert [step.stage for step in in_order([_step("completed"), _step("authorised"), _step("redacted"), _step("requested")])] == [
        "requested", "redacted", "authorised", "completed",
    ]  # fmt: skip


def test_a_stage_of_a_later_release_stands_last():
    assert [step.stage for step in in_order([_step("reviewed"), _step("completed", 5)])] == ["completed", "reviewed"]


@pytest.mark.parametrize(
    ("stage", "result", "expected"),
    [
        ("requested", None, set()),
        ("authorised", None, {"requested", "redacted", "grounded"}),
        ("completed", _end(), set(ORDER[:6])),
        ("completed", _end("withheld"), set(ORDER[:6])),
        ("completed", _end("refused", "cost"), {"requested", "redacted", "grounded", "refused"}),
        ("refused", _end("refused", "cost"), {"requested", "redacted", "grounded"}),
        ("refused", None, set()),
        ("completed", None, set()),
        ("reviewed", _end(), set()),
    ],
)
def test_what_was_passed_before(stage, result, expected):
    assert forerunners(stage, result) == expected
