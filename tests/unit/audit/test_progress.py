"""What the broker gave out must be on record after a while."""

from datetime import UTC, datetime, timedelta

from chancery_audit.domain.progress import Progress, backwards, behind_findings

START = datetime(2026, 11, 24, tzinfo=UTC)
PLACE = ("chancery.usage", 3)
PATIENCE = timedelta(seconds=5)


def _look(progress, second, end, recorded):
    ends = {} if end is None else {PLACE: end}
    return progress.behind(START + timedelta(seconds=second), ends, {} if recorded is None else {PLACE: recorded})


class TestBehind:
    def test_records_that_came_just_now_are_not_behind(self):
        progress = Progress(PATIENCE)
        assert [_look(progress, second, 10 + second, 10 + second - 2) for second in range(20)] == [{}] * 20

    def test_a_trail_that_stands_still_is_behind_once_patience_is_over(self):
        progress = Progress(PATIENCE)
        found = [bool(_look(progress, second, 10, 7)) for second in range(0, 10, 2)]
        assert found == [False, False, False, True, True]
        assert _look(progress, 10, 14, 7) == {PLACE: 7}

    def test_it_is_over_once_all_of_then_is_on_record(self):
        progress = Progress(PATIENCE)
        for second in (0, 2, 4, 6):
            _look(progress, second, 10, 7)
        assert _look(progress, 8, 30, 10) == {}

    def test_a_partition_that_was_never_read_is_behind(self):
        progress = Progress(PATIENCE)
        assert [_look(progress, second, 3, None) for second in (0, 6)] == [{}, {PLACE: 3}]

    def test_a_topic_that_is_gone_waits_for_nothing(self):
        progress = Progress(PATIENCE)
        _look(progress, 0, 3, None)
        assert _look(progress, 6, None, None) == {}

    def test_what_is_remembered_is_bounded(self):
        progress = Progress(PATIENCE)
        for second in range(1000):
            _look(progress, second, 1, 1)
        assert len(progress._seen) <= 7


def test_words_name_the_partition_and_how_many():
    (finding,) = behind_findings({PLACE: 4}, PATIENCE)
    assert (finding.place, finding.words) == ("chancery.usage/3", "4 records are not on record, the oldest for more than 5 s")


def test_a_topic_that_ends_before_what_is_on_record_went_back():
    assert [one.place for one in backwards({PLACE: 5, ("t", 0): 9}, {PLACE: 6, ("t", 0): 9, ("gone", 0): 1})] == ["chancery.usage/3"]
