"""The limit of dead letters: so many in any minute, and no more."""

from chancery_bus.deadletters import DeadLetterLimit


def test_the_one_beyond_the_limit_is_refused():
    limit = DeadLetterLimit(per_minute=2)
    assert [limit.admit(now) for now in (0.0, 1.0, 2.0)] == [True, True, False]


def test_old_ones_no_longer_count():
    limit = DeadLetterLimit(per_minute=2)
    assert [limit.admit(now) for now in (0.0, 1.0, 61.5, 61.6)] == [True, True, True, True]
