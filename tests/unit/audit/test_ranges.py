"""Offsets are accounted for in whatever order they come."""

from chancery_audit.domain.ranges import flatten, gaps, merge, unflatten
from hypothesis import given
from hypothesis import strategies as st

OFFSETS = st.lists(st.integers(0, 60), max_size=60)


@given(OFFSETS, OFFSETS)
def test_ranges_hold_exactly_what_was_taken_in_and_gaps_the_rest(first: list[int], second: list[int]) -> None:
    ranges = merge(merge([], first), second)
    held = [offset for start, stop in ranges for offset in range(start, stop)]
    seen = set(first) | set(second)
    assert held == sorted(seen)
    missing = {offset for start, stop in gaps(ranges) for offset in range(start, stop)}
    assert missing == (set(range(min(seen), max(seen) + 1)) - seen if seen else set())


@given(OFFSETS, st.randoms())
def test_neither_order_nor_repetition_matters(offsets: list[int], random: object) -> None:
    shuffled = list(offsets)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis' Random
    assert merge([], shuffled) == merge(merge([], offsets), shuffled)


@given(OFFSETS)
def test_ranges_never_touch_and_read_back(offsets: list[int]) -> None:
    ranges = merge([], offsets)
    assert all(stop > start for start, stop in [*ranges, *gaps(ranges)])
    assert unflatten(flatten(ranges)) == ranges
