"""What was noted under a key is not noted again, and with another key everything is."""

from chancery_audit.domain.noted import Noted


def test_it_remembers_by_key() -> None:
    noted = Noted(10)
    noted.remember([(b"k", "scope"), (b"k", ("matter", "m"))])
    assert noted.of(b"k") == {"scope", ("matter", "m")}
    assert not noted.of(b"another key of the same scope")


def test_it_is_bounded_and_forgets_what_was_written_longest_ago() -> None:
    noted = Noted(2)
    noted.remember([(b"a", 1), (b"b", 1), (b"a", 2), (b"c", 1)])
    assert [bool(noted.of(key)) for key in (b"a", b"b", b"c")] == [True, False, True]
