"""Walls, and the format of keys."""

import pytest
from chancery_runtime.api_keys import ApiKey, new_api_key, read_api_key
from chancery_runtime.principals import Walls
from hypothesis import given
from hypothesis import strategies as st

MATTERS = st.frozensets(st.sampled_from(["a", "b", "c", "d"]))


@pytest.mark.parametrize(
    ("walls", "admitted"),
    [
        (Walls(), [[], ["a"], ["b"], ["a", "b"]]),
        (Walls(frozenset("a")), [["a"]]),
        (Walls(excepted=frozenset("b")), [[], ["a"]]),
        (Walls(frozenset("ab"), frozenset("b")), [["a"]]),
        (Walls(frozenset()), []),
    ],
)
def test_what_names_two_matters_needs_both(walls, admitted):
    assert [named for named in ([], ["a"], ["b"], ["a", "b"]) if walls.admit(named)] == admitted


@given(st.none() | MATTERS, MATTERS, MATTERS, MATTERS)
def test_naming_one_matter_more_never_opens_what_was_closed(kept, excepted, named, more):
    walls = Walls(kept, excepted)
    if named and not walls.admit(named):
        assert not walls.admit(named | more)


def test_a_key_reads_back_and_fits_its_own_digest_alone():
    one, other = new_api_key(), new_api_key()
    assert read_api_key(one.text) == one
    assert one.fits(one.digest)
    assert not one.fits(other.digest)
    assert one.secret not in repr(one)


@pytest.mark.parametrize(
    "change",
    [lambda t: t[:-1], lambda t: t + "A", lambda t: t.upper(), lambda t: t.replace("chk_", "chy_"), lambda t: f" {t}", lambda t: t + "\n"],
)
def test_what_is_no_key_is_none(change):
    assert read_api_key(change(ApiKey("0" * 16, "A" * 43).text)) is None
