"""Derived ids: the same at every redelivery, apart for everything else."""

from chancery_contracts import completed_id, derived_id
from chancery_contracts.identifiers import pseudonym_scope
from chancery_testing import builders
from hypothesis import given
from hypothesis import strategies as st

words = st.text(alphabet="abcdefgh-0123456789", min_size=1, max_size=20)


@given(words, words, st.integers(0, 5))
def test_the_same_cause_stage_and_ordinal_make_the_same_id(cause, stage, ordinal):
    assert derived_id(cause, stage, ordinal) == derived_id(cause, stage, ordinal)


@given(st.sets(st.tuples(words, words, st.integers(0, 5)), min_size=2, max_size=30))
def test_different_ones_make_different_ids(parts):
    assert len({derived_id(*one) for one in parts}) == len(parts)


def test_an_interaction_has_one_completed_id_whatever_ends_it():
    assert completed_id("acme", "i1") == completed_id("acme", "i1")
    assert len({completed_id("acme", "i1"), completed_id("acme", "i2"), completed_id("other", "i1"), completed_id("acme", "i1", "r1")}) == 4


def test_a_published_id_never_changes_between_releases():
    assert derived_id("cause", "stage", 0) == "c814a1da-fd2f-5790-bba4-7581231663da"


def test_what_follows_keeps_the_thread():
    first = builders.requested(conversation="c", matter="m", traceparent="t")
    second = first.follow(builders.redacted().data, stage="redaction", time=first.time)
    assert (second.interaction, second.conversation, second.matter, second.traceparent) == (first.interaction, "c", "m", "t")
    assert second.causation == first.id
    assert second.key == first.key


def test_pseudonyms_are_stable_in_the_matter_else_the_conversation_else_the_interaction():
    places = [pseudonym_scope("m", "c", "i"), pseudonym_scope(None, "c", "i"), pseudonym_scope(None, None, "i")]
    assert places == ["matter:m", "conversation:c", "interaction:i"]
