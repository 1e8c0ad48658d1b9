"""Nothing hides from the detectors behind another way to write it, and what is found is found in the original."""

import itertools
import time
import unicodedata

import pytest
from chancery_contracts.bodies import RedactionPolicyBody
from chancery_redaction.adapters.normalising import NormalisingDetector
from chancery_redaction.domain.normalising import normalised
from chancery_redaction.domain.recognizers import recognize
from chancery_redaction.domain.spans import Span, settle
from hypothesis import given
from hypothesis import strategies as st

POLICY = RedactionPolicyBody(entity_types=("IBAN_CODE", "CREDIT_CARD", "EMAIL_ADDRESS", "UK_NINO", "POSTAL_ADDRESS"))
IBAN, CARD, MAIL = "GB29 NWBK 6016 1331 9268 19", "4111 1111 1111 1111", "ann.lee@example.com"
ODD = st.text(
    st.sampled_from("aé1 ﬁ\u0301\u0327\u200b\u200d\u00ad１Ⅳ℃…\u00a0\ufb03\u0410\u0430В٣\U0001d400한\u1112\u1161\x00\n")
    | st.characters(codec="utf-8")
)


class PatternDetector:
    """The patterns alone."""

    async def detect(self, texts, policy):
        return [settle(recognize(text, frozenset(policy.entity_types), frozenset({"en"}))) for text in texts]


def wide(text):
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


DISGUISES = {
    "full width": wide,
    "with zero-width joiners": "\u200d".join,
    "with soft hyphens": "\u00ad".join,
    "with controls": "\x00".join,
    "with a mark upon each": lambda text: "".join(f"{char}\u034f" for char in text),
    "after a byte order mark": lambda text: f"\ufeff{text}",
    "with no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "with Cyrillic letters": lambda text: text.replace("B", "В").replace("a", "а").replace("e", "е"),
    "in mathematical digits": lambda text: "".join(chr(0x1D7CE + int(char)) if char.isdigit() else char for char in text),
    "in Arabic digits": lambda text: "".join(chr(0x660 + int(char)) if char.isdigit() else char for char in text),
    "bold": lambda text: "".join(chr(0x1D41A + ord(char) - 97) if "a" <= char <= "z" else char for char in text),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("value", [IBAN, CARD, MAIL])
async def test_a_disguised_datum_is_found_whole_where_it_stands(disguise, value):
    hidden = DISGUISES[disguise](value)
    text = f"Café: please use {hidden} from now on, naïve as it is."
    ((span,),) = await NormalisingDetector(PatternDetector()).detect([text], POLICY)
    assert text[span.start : span.end].strip("\ufeff\u034f") == hidden.strip("\ufeff\u034f")


@given(ODD)
def test_each_character_stems_from_one_stretch_in_order_and_every_seen_character_is_stemmed_from(text):
    plain = normalised(text)
    places = [plain.original(Span("X", at, at + 1, 1.0)) for at in range(len(plain.text))]
    assert all(0 <= one.start < one.end <= len(text) for one in places)
    assert all(one.start <= other.start and one.end <= other.end for one, other in itertools.pairwise(places))
    covered = {at for one in places for at in range(one.start, one.end)}
    assert all(normalised(text[at]).text.strip(" ") == "" or unicodedata.combining(text[at]) for at in set(range(len(text))) - covered)


@given(st.text(st.sampled_from("aé1 ﬁ\u0301\u0327\u200b\u00ad１Ⅳ℃…\u00a0\ufb03٣\U0001d400한\x00\n")), st.data())
def test_what_a_span_stems_from_reads_as_the_span(text, data):
    plain = normalised(text)
    if not plain.text:
        return
    start = data.draw(st.integers(0, len(plain.text) - 1))
    end = data.draw(st.integers(start + 1, len(plain.text)))
    origin = plain.original(Span("X", start, end, 1.0))
    assert plain.text[start:end] in normalised(text[origin.start : origin.end]).text


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("\n\t\réüßñçœÆ–—’“”€£")))
def test_ordinary_text_is_read_as_it_is(text):
    assert normalised(text).text == text or "–" in text or "—" in text
    assert normalised(text).original(Span("X", 0, 1, 1.0)) == Span("X", 0, 1, 1.0)


@pytest.mark.parametrize(
    "text", ["a" + "\u0301" * 99_999, "\u200b" * 100_000, "аb" * 50_000, "é" * 100_000, "１" * 100_000, "a\u0301" * 50_000]
)
def test_the_worst_text_takes_less_than_a_second_of_the_processor(text):
    started = time.thread_time()  # of the processor: what else runs does not count
    normalised(text)
    assert time.thread_time() - started < 1
