"""The committed offset is always that of the first record that is not finished."""

from chancery_bus.offsets import OffsetTracker
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.integers(1, 5), min_size=1, max_size=60), st.randoms())
def test_only_what_is_finished_without_a_gap_is_committed(steps, random):
    offsets = [sum(steps[: i + 1]) for i in range(len(steps))]  # rising, with the gaps that compaction leaves
    tracker = OffsetTracker()
    for offset in offsets:
        tracker.take(offset)
    finished: set[int] = set()
    for offset in random.sample(offsets, len(offsets)):
        tracker.finish(offset)
        finished.add(offset)
        unfinished = [one for one in offsets if one not in finished]
        below = [one for one in offsets if not unfinished or one < unfinished[0]]
        assert tracker.to_commit() == (below[-1] + 1 if below else None)
        assert tracker.unfinished == len(unfinished)
        assert tracker.oldest == (unfinished[0] if unfinished else None)


def test_an_offset_is_committed_once():
    tracker = OffsetTracker()
    tracker.take(5)
    tracker.finish(5)
    assert tracker.to_commit() == 6
    tracker.committed(6)
    assert tracker.to_commit() is None
