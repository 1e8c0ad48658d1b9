"""A stream, split anywhere, is restored as the whole is; nothing of a pseudonym goes out, and little is held back."""

import json

import pytest
from chancery_redaction.domain.restoring import restore
from chancery_redaction.domain.spellings import Spelling
from chancery_redaction.domain.streaming import StreamRestorer
from hypothesis import given, settings
from hypothesis import strategies as st

VALUES = {
    "<PERSON_7K2M>": "Änn \"A\" O'Lee\n", "<PERSON_7K2MX>": "Bob", "<IBAN_CODE_2345>": "GB29 NWBK", "<EMAIL_ADDRESS_ABCD>": "a@b.example",
}  # fmt: skip
FORMS = [
    "<PERSON_7K2M>", "<person_7k2mx>'s", "PERSON_7K2MX", "PERSON_7K2MX.", "PERSON_7K2M.x", "&lt;PERSON_7K2M&gt;", "&lt;PERSON_7K2M>",
    "\\u003cIBAN_CODE_2345\\u003e", "%3CEMAIL_ADDRESS_ABCD%3E", "<EMAIL\\_ADDRESS\\_ABCD>", "\\<PERSON_7K2M>", "\\<PERSON_7K2M\\>",
    "<IBAN CODE 2345>", "＜PERSON_7K2M＞", "IBAN_CODE_2345\\n", "PERSON\\", "<", "&", "\\", "%3", "PERSON_7K2", "<PERSON_7K2N>", "P",
    " ", "é😀",
    "aPERSON_7K2M", "/PERSON_7K2M", "&lt;", "u003c", "_", "-", ".", "x",
]  # fmt: skip
streams = st.lists(st.one_of(st.sampled_from(FORMS), st.text(alphabet='<>PERSON_7K2MXab &;\\."é', max_size=6)), max_size=8).map("".join)


def streamed(pieces, values=VALUES, **more):
    restorer = StreamRestorer(values, **more)
    out = [restorer.feed(piece) for piece in pieces]
    return "".join([*out, restorer.finish()])


@given(streams)
@settings(max_examples=300, deadline=None)
def test_split_at_every_byte_it_is_the_whole(text):
    expected = restore(text, VALUES)[0]
    data = text.encode()
    assert streamed([data[at : at + 1] for at in range(len(data))]) == expected
    for cut in range(len(data) + 1):
        assert streamed([data[:cut], data[cut:]]) == expected


@given(streams, st.lists(st.integers(1, 9), min_size=1, max_size=30))
@settings(max_examples=300, deadline=None)
def test_in_pieces_of_any_size_it_is_the_whole(text, sizes):
    pieces, at = [], 0
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[at : at + size])
        at += size
    assert streamed(pieces) == restore(text, VALUES)[0]


@pytest.mark.parametrize("form", [one for one in FORMS if restore(one, VALUES)[0] != one])
def test_no_part_of_a_pseudonym_goes_out(form):
    restorer, out = StreamRestorer(VALUES), ""
    for character in f"x {form} and":
        out += restorer.feed(character)
        assert restore(f"x {form} and", VALUES)[0].startswith(out)
        assert restorer.held <= 60


def test_what_begins_no_known_pseudonym_is_not_held_back():
    restorer = StreamRestorer(VALUES)
    assert [restorer.feed(word) for word in ("Dear", " all,", " a<b", " 50% ", "&c")] == ["Dear", " all,", " a<b", " 50% ", "&c"]


@given(st.lists(st.sampled_from([*VALUES, "<UK_ACCOUNT_2222>", "x", "7", "é", '"', "\\", "\n", 'a: "1"']), max_size=6))
@settings(max_examples=200, deadline=None)
def test_a_stream_of_json_is_json_and_the_whole(words):
    values = VALUES | {"<UK_ACCOUNT_2222>": Spelling("number", "31926819").stored}
    text = json.dumps({"name": words, "account": "<UK_ACCOUNT_2222>"}, ensure_ascii=False)
    expected = restore(text, values)[0]
    assert streamed([byte.to_bytes() for byte in text.encode()], values, json=True) == expected
    assert json.loads(expected)["account"] == 31926819
