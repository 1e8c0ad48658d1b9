"""Masking and restoring: exact, and each the reverse of the other."""

import itertools
from hashlib import sha256

from chancery_contracts.interactions import Citation
from chancery_redaction.domain.masking import mask, masked_counts, restore, tokens_in
from chancery_redaction.domain.pseudonyms import normalise, token, value_hash
from chancery_redaction.domain.spans import Span, settle
from hypothesis import given
from hypothesis import strategies as st

KEY = b"k" * 32


def token_of(entity_type, value):
    return token(entity_type, value_hash(KEY, "matter:m", entity_type, value), 8)


@st.composite
def texts_with_spans(draw):
    text = draw(st.text(min_size=1, max_size=200))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(cuts[0::2], cuts[1::2], strict=False))
    return text, [Span("PERSON", start, end, 0.9) for start, end in pairs]


@given(texts_with_spans())
def test_what_is_masked_is_restored_exactly(case):
    text, spans = case
    values: dict[str, str] = {}

    def remembered(entity_type, value):
        # By the exact text: that two spellings of a value share a token is another matter (and another test).
        name = token(entity_type, sha256(value.encode(errors="surrogatepass")).digest(), 12)
        values[name] = value
        return name

    masked, findings = mask(text, 0, spans, remembered)
    assert [masked[one.start : one.end] for one in findings] == [one.token for one in findings]
    if not any(name in text for name in values):
        assert restore(masked, values, [])[0] == text


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.sampled_from([0.5, 0.9, 1.0])), max_size=12))
def test_settled_spans_are_in_order_and_apart(raw):
    settled = settle(Span("PERSON", start, start + length, score) for start, length, score in raw)
    assert all(left.end <= right.start for left, right in itertools.pairwise(settled))


def test_a_token_within_a_longer_one_is_not_touched():
    values = {"<PERSON_2222>": "Ann", "<PERSON_22223>": "Bob"}
    assert restore("<PERSON_22223> met <PERSON_2222>", values, [])[0] == "Bob met Ann"


def test_a_value_is_never_searched_for_tokens():
    assert restore("<PERSON_2222>", {"<PERSON_2222>": "<PERSON_3333>", "<PERSON_3333>": "x"}, [])[0] == "<PERSON_3333>"


def test_citations_move_with_the_text():
    text, [moved] = restore("<PERSON_2222> pays.", {"<PERSON_2222>": "Al"}, [Citation(passage_id="p", start=0, end=19)])
    assert text[moved.start : moved.end] == "Al pays."


def test_only_known_tokens_count():
    assert tokens_in("<PERSON_2222> <PERSON_3333>", frozenset({"<PERSON_2222>"})) == {"<PERSON_2222>"}


def test_a_value_has_one_token_in_a_matter_and_another_elsewhere():
    spelled = {value_hash(KEY, "matter:m", "IBAN_CODE", text) for text in ("GB29 NWBK 6016", "gb29nwbk6016")}
    elsewhere = value_hash(KEY, "matter:n", "IBAN_CODE", "GB29NWBK6016")
    assert len(spelled) == 1
    assert elsewhere not in spelled
    assert normalise("PERSON", " Ann\u00a0 Lee ") == normalise("PERSON", "ANN LEE")


def test_values_are_counted_once():
    _, findings = mask("Ann Ann", 0, [Span("PERSON", 0, 3, 1), Span("PERSON", 4, 7, 1)], token_of)
    assert masked_counts(findings) == {"PERSON": 1}
