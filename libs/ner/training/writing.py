"""Texts written from templates: our own, and those left of annotated sentences when their values are taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from corpora import SYNTH_TYPES, Row, written
from examples import Annotated, Mark
from values import Values

_SLOT = re.compile(r"\{\{|\}\}|\{(\w+)\}")
_FLAT = re.compile(r"(?:Apt|Suite|Flat|Unit)\b", re.IGNORECASE)


def templates(file: Path) -> list[str]:
    return [block.strip("\n") for block in file.read_text("utf-8").split("\n---\n")]


def fill(key: str, template: str, values: Values) -> Annotated:
    """A template with values, some of them repeated: who is named once is often named again."""
    parts: list[str] = []
    marks: list[Mark] = []
    at, done = 0, 0
    for match in _SLOT.finditer(template):
        before = template[done : match.start()]
        label, value = (None, match.group()[0]) if match[1] is None else _made(match[1], values)
        parts += [before, value]
        at += len(before)
        if label:
            marks.append(Mark(label, at, at + len(value)))
        at += len(value)
        done = match.end()
    text = "".join([*parts, template[done:]])
    return written(key, text, marks)


def _made(slot: str, values: Values) -> tuple[str | None, str]:
    label, make = values.makers[slot]
    return label, make()


def rewritten(key: str, row: Row, values: Values, chance: float = 0.9) -> Annotated:
    """An annotated sentence with other values of the same kinds."""
    text, at = "", 0
    marks: list[Mark] = []
    for span in sorted(row["spans"], key=lambda one: one["start_position"]):
        value = row["text"][span["start_position"] : span["end_position"]]
        if values.rng.random() < chance:
            value = values.makers[slot_of(span["entity_type"], value)][1]()
        text += row["text"][at : span["start_position"]]
        marks.append(Mark(SYNTH_TYPES.get(span["entity_type"], span["entity_type"]), len(text), len(text) + len(value)))
        text += value
        at = span["end_position"]
    return written(key, text + row["text"][at:], marks)


_SLOTS = {
    "TITLE": "job", "ORGANIZATION": "firm", "NRP": "nrp", "AGE": "age", "PHONE_NUMBER": "phone", "EMAIL_ADDRESS": "email",
    "DOMAIN_NAME": "url", "IP_ADDRESS": "ip", "CREDIT_CARD": "card", "IBAN_CODE": "iban", "US_SSN": "ssn", "US_DRIVER_LICENSE": "licence",
    "ZIP_CODE": "zip",
}  # fmt: skip


def slot_of(kind: str, value: str) -> str:
    """The slot that makes values of this kind, by the look of the value."""
    if kind == "PERSON":
        return "person" if " " in value else "first"
    if kind == "TITLE" and len(value) <= 5:
        return "title"
    if kind == "GPE":
        return "country" if value.istitle() and " " in value else "city"
    if kind == "DATE_TIME":
        return "weekday" if value.isalpha() else "year" if len(value) == 4 else "stamp" if ":" in value else "date"
    if kind == "STREET_ADDRESS":
        return _address_slot(value)
    return _SLOTS[kind]


def _address_slot(value: str) -> str:
    if value.isdigit():
        return "number"
    if _FLAT.match(value):
        return "flat"
    return "address" if "\n" in value or "," in value or len(value) > 30 or value.startswith("the corner") else "street"


def noisy(one: Annotated, values: Values) -> Annotated:
    """Now and then all in capitals or in small letters, as people write in chats. Lengths stay."""
    chance = values.rng.random()
    changed = one.text.upper() if chance < 0.03 else one.text.lower() if chance < 0.08 else one.text
    return one if len(changed) != len(one.text) or changed == one.text else written(one.key, changed, one.general)


def joined(texts: Iterable[Annotated], key: str, glue: str) -> Annotated:
    """Several texts as one: what stands before a sentence is not always nothing."""
    text = ""
    marks: list[Mark] = []
    for one in texts:
        text += glue if text else ""
        marks += [Mark(mark.kind, mark.start + len(text), mark.end + len(text), mark.among) for mark in one.general]
        text += one.text
    return written(key, text, marks)
