"""A document put together from its passages says what it said, white space aside."""

from chancery_retrieval.domain.chunking import chunk_document
from chancery_retrieval.domain.erasing import assembled
from hypothesis import given, settings
from hypothesis import strategies as st

LINE = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60), st.sampled_from(["# One", "", "- item", "| a | b |", "|---|---|"])
)


@settings(max_examples=200, deadline=None)
@given(text=st.lists(LINE, max_size=25).map("\n".join))
def test_no_word_is_lost_or_moved(text):
    chunks = chunk_document(text, title="T", markdown=True, count=lambda words: len(words.split()))
    made = assembled([one.start for one in chunks], [one.text for one in chunks])
    assert made.split() == text.split()
    for one in chunks:
        assert made[one.start : one.end] == one.text
