"""A process that dies is started again: at once, then later and later, then no more."""

from chancery_local.backoff import CAP_S, MOST_IN_WINDOW, WINDOW_S, RestartPolicy
from hypothesis import given
from hypothesis import strategies as st


def test_the_first_restart_is_immediate_and_later_ones_wait_longer() -> None:
    policy = RestartPolicy()
    delays = [policy.next_start(0.0) for _ in range(4)]
    assert delays == [0.0, 0.25, 0.5, 1.0]


def test_it_gives_up_after_ten_restarts_within_a_minute() -> None:
    policy = RestartPolicy()
    assert all(policy.next_start(float(at)) is not None for at in range(MOST_IN_WINDOW))
    assert policy.next_start(20.0) is None
    assert policy.restarts == MOST_IN_WINDOW


def test_old_restarts_are_forgiven() -> None:
    policy = RestartPolicy()
    for at in range(MOST_IN_WINDOW):
        policy.next_start(float(at))
    assert policy.next_start(WINDOW_S + MOST_IN_WINDOW) == WINDOW_S + MOST_IN_WINDOW


@given(st.lists(st.floats(min_value=0, max_value=100), max_size=60))
def test_the_wait_is_bounded_and_no_minute_holds_more_than_ten(gaps: list[float]) -> None:
    policy, now, started = RestartPolicy(), 0.0, []
    for gap in gaps:
        now += gap
        at = policy.next_start(now)
        if at is not None:
            assert 0 <= at - now <= CAP_S
            started.append(now)
    assert all(sum(1 for other in started if one - WINDOW_S < other <= one) <= MOST_IN_WINDOW for one in started)
