"""Output schemas are bounded, and answers are held against them."""

from typing import Any

import pytest
from chancery_prompting import SchemaRefused
from chancery_prompting.schemas import check_schema, fits, unfenced
from hypothesis import given
from hypothesis import strategies as st

SCHEMA = {
    "type": "object",
    "properties": {"fee": {"type": "string"}, "pages": {"type": "array", "items": {"type": "integer"}}},
    "required": ["fee"],
}


def deep(levels: int) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": deep(levels - 1)}} if levels else {"type": "object"}


class TestSchemas:
    def test_an_ordinary_one(self) -> None:
        check_schema(SCHEMA)

    @pytest.mark.parametrize(
        "schema",
        [
            {"type": "array"}, {}, {"type": "object", "$ref": "https://example.org/x"},
            {"type": "object", "properties": {"a": {"$ref": "#"}}},
            {"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}}, {"type": "object", "patternProperties": {"(a+)+$": {}}},
            {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}, {"type": "object", "properties": {"a": 5}},
            {"type": "object", "properties": {"a": {"type": "no-such"}}}, {"type": "object", "required": "fee"}, deep(12),
            {"type": "object", "description": "x" * 20_001}, {"type": "object", "anyOf": [{"not": {}}]},
        ],
    )  # fmt: skip
    def test_what_may_not_be(self, schema: dict[str, Any]) -> None:
        with pytest.raises(SchemaRefused):
            check_schema(schema)

    def test_names_of_properties_are_no_keywords(self) -> None:
        check_schema({"type": "object", "properties": {"pattern": {"type": "string"}, "$ref": {"type": "string"}}})


class TestAnswers:
    @pytest.mark.parametrize("text", ['{"fee": "£5"}', ' {"fee":"x","pages":[1,2]}\n', '```json\n{"fee": "x"}\n```'])
    def test_that_fit(self, text: str) -> None:
        assert fits(SCHEMA, text) is True

    @pytest.mark.parametrize("text", ["", "the fee", '{"pages":[1]}', '{"fee":5}', '{"fee":"x"', "[" * 100_000, '{"fee": NaN}', "null"])
    def test_that_do_not(self, text: str) -> None:
        assert fits(SCHEMA, text) is False

    def test_where_nothing_is_asked_for(self) -> None:
        assert fits(None, "anything") is None

    @given(st.text())
    def test_any_text_is_judged(self, text: str) -> None:
        assert fits(SCHEMA, text) in (True, False)
        assert unfenced(unfenced(text)) is not None
