"""Further mentions of what was found: by form, exact, bounded."""

import time

import pytest
from chancery_ner import Entity, references

SMITH = "Ms Ann Smith signed. Smith left; Mr Jones saw A.S. and A. Smith in Smithfield."


def entity(text: str, value: str, label: str = "PERSON") -> Entity:
    start = text.index(value)
    return Entity(label, start, start + len(value), 0.9)


def mentions(text: str, found: list[Entity]) -> list[tuple[str, str | None]]:
    return [(text[one.start : one.end], one.of) for one in references(text, found)]


def test_a_surname_refers_to_the_full_name() -> None:
    assert ("Smith", "Ann Smith") in mentions(SMITH, [entity(SMITH, "Ms Ann Smith")])


def test_initials_refer_to_the_full_name() -> None:
    assert ("A.S.", "Ann Smith") in mentions(SMITH, [entity(SMITH, "Ms Ann Smith")])


def test_a_word_that_only_begins_like_a_name_is_left() -> None:
    found = references(SMITH, [entity(SMITH, "Ms Ann Smith")])
    assert all(one.end <= SMITH.index("Smithfield") for one in found)


def test_a_title_with_an_initial_refers_to_the_only_one_it_can() -> None:
    text = "Mr Karl Sauer appeared. Mr S. was fined."
    assert mentions(text, [entity(text, "Mr Karl Sauer")]) == [("Mr S.", "Karl Sauer")]


def test_a_surname_of_two_persons_refers_to_none_of_them() -> None:
    text = "Ann Smith and Bob Smith came. Then Smith left."
    found = [entity(text, "Ann Smith"), entity(text, "Bob Smith")]
    assert ("Smith", "Ann Smith") not in mentions(text, found)
    assert ("Smith", "Bob Smith") not in mentions(text, found)


def test_a_name_that_is_also_a_common_word_of_the_text_is_left() -> None:
    text = "Grace Will left a will. Will it stand?"
    assert mentions(text, [entity(text, "Grace Will")]) == []


@pytest.mark.parametrize("label", ["LOCATION", "ORGANIZATION", "CODE"])
def test_equal_values_are_found_again(label: str) -> None:
    text = "In Nicosia, then again Nicosia; not Nicosian."
    assert mentions(text, [entity(text, "Nicosia", label)]) == [("Nicosia", None)]


def test_what_identifies_nobody_is_not_found_again() -> None:
    text = "three brothers and three brothers"
    assert mentions(text, [entity(text, "three brothers", "QUANTITY")]) == []


def test_work_on_a_hostile_text_is_bounded() -> None:
    names = [f"Smith A{number}" for number in range(4000)]
    text = " ".join(names + ["Smith"] * 8000)
    found, at = [], 0
    for name in names:
        found.append(Entity("PERSON", at, at + len(name), 0.9))
        at += len(name) + 1
    began = time.perf_counter()
    references(text, found)
    assert time.perf_counter() - began < 5
