"""When to call again."""

from datetime import UTC, datetime

import pytest
from chancery_generation.domain.retrying import Backoff, attempts_left, outcome_of, refusal_code, retry_after_s
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@given(st.integers(1, 10_000), st.floats(0, 0.999))
def test_waits_stay_under_their_cap(failures: int, draw: float) -> None:
    assert 0 <= Backoff(0.25, 8.0).wait_s(failures, draw, None) <= min(8.0, 0.25 * 2.0 ** min(failures - 1, 16))


def test_the_providers_wish_is_honoured() -> None:
    assert Backoff(0.25, 8.0).wait_s(1, 0.5, 30.0) == 30.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("Mon, 02 Nov 2026 09:00:30 GMT", 30.0),
        ("Mon, 02 Nov 2026 08:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


def test_a_crash_loop_ends() -> None:
    assert [attempts_left(3, earlier) for earlier in (0, 1, 3, 4, 6, 9)] == [3, 3, 3, 2, 0, 0]


def test_statuses() -> None:
    assert [outcome_of(status) for status in (429, 500, 503, 408, 400, 401, 404)] == [
        "rate_limited", "server_error", "server_error", "server_error", "rejected", "rejected", "rejected",
    ]  # fmt: skip


def test_what_the_requester_is_told() -> None:
    assert refusal_code(["timeout", "rejected"]) == "model_failed"
    assert refusal_code(["malformed"]) == "model_failed"
    assert refusal_code(["rate_limited"]) == "model_unavailable"
    assert refusal_code([]) == "model_unavailable"
