"""Leaves have one form, and it is that of RFC 8785."""

import json
from pathlib import Path

import pytest
import rfc8785
from chancery_ledger import MAX_LEAF_BYTES, LeafRefused, canonical_json, leaf_bytes, read_leaf
from hypothesis import given
from hypothesis import strategies as st

FIELDS = st.dictionaries(st.text(max_size=20), st.text(max_size=40) | st.integers(-(2**53) + 1, 2**53 - 1), max_size=8)


def test_the_published_vectors_of_rfc_8785_hold(data_dir: Path) -> None:
    lines = (data_dir / "jcs_vectors" / "data.jsonl").read_text("utf-8").splitlines()
    assert lines
    for line in lines:
        vector = json.loads(line)
        assert canonical_json(json.loads(vector["input"])).hex() == vector["utf8_hex"], vector["name"]


@given(FIELDS)
def test_a_leaf_reads_back_and_the_order_of_its_fields_is_nothing(fields: dict[str, str | int]) -> None:
    data = leaf_bytes(fields)
    assert read_leaf(data) == fields
    assert leaf_bytes(dict(reversed(fields.items()))) == data


@given(
    st.dictionaries(st.text(max_size=6) | st.from_regex(r"[ -~]{0,8}", fullmatch=True), st.text(max_size=20) | st.integers(), max_size=6)
)
def test_the_short_way_writes_what_rfc_8785_writes(fields: dict[str, str | int]) -> None:
    try:
        expected = rfc8785.dumps(fields)
    except (rfc8785.CanonicalizationError, UnicodeError):
        with pytest.raises(LeafRefused):
            leaf_bytes(fields)
    else:
        assert leaf_bytes(fields) == expected


ESCAPES = ("".join(map(chr, range(0x20))), "\x7f\x80\u2028\u2029\ufeff\uffff", '"\\/<>&', "\U0001f600\u00e9e\u0301")


@pytest.mark.parametrize("text", ESCAPES)
def test_every_escape_is_that_of_rfc_8785(text: str) -> None:
    assert leaf_bytes({"a": text, text: "b"}) == rfc8785.dumps({"a": text, text: "b"})
    assert leaf_bytes({"a": text}) == rfc8785.dumps({"a": text})


@pytest.mark.parametrize("value", [None, 1.5, True, ["x"], {"a": "b"}, 2**53, "\ud800"])
def test_what_is_no_text_and_no_integer_is_refused(value: object) -> None:
    with pytest.raises(LeafRefused):
        leaf_bytes({"field": value})  # type: ignore[dict-item]  # hostile input


def test_a_leaf_fits_an_entry_bundle() -> None:
    overhead = len(leaf_bytes({"a": ""}))
    assert len(leaf_bytes({"a": "x" * (MAX_LEAF_BYTES - overhead)})) == MAX_LEAF_BYTES
    with pytest.raises(LeafRefused):
        leaf_bytes({"a": "x" * (MAX_LEAF_BYTES - overhead + 1)})


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":1.0}', b'{"a":1,"a":1}', b"\xff", b"[" * 10_000])
def test_other_bytes_are_not_read_as_a_leaf(data: bytes) -> None:
    with pytest.raises(LeafRefused):
        read_leaf(data)
