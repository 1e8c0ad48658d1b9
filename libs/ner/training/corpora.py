"""The two annotated sets, as the heads want them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from examples import Annotated, Mark

Row = dict[str, Any]

TAB_TYPES = {
    "PERSON": "PERSON", "CODE": "CODE", "LOC": "LOCATION", "ORG": "ORGANIZATION", "DEM": "DEMOGRAPHIC", "DATETIME": "DATE_TIME",
    "QUANTITY": "QUANTITY", "MISC": "MISC",
}  # fmt: skip
SYNTH_TYPES = {"STREET_ADDRESS": "POSTAL_ADDRESS", "ZIP_CODE": "POSTAL_ADDRESS", "GPE": "LOCATION", "DOMAIN_NAME": "URL"}
TO_LEGAL = {
    "PERSON": "PERSON", "POSTAL_ADDRESS": "LOCATION", "LOCATION": "LOCATION", "ORGANIZATION": "ORGANIZATION", "DATE_TIME": "DATE_TIME",
}  # fmt: skip
_TITLE = re.compile(r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Judge|Sir|Lord|Lady|Justice)\b\.?\s+)+")
_OTHERS = {"CODE": ("O",), "QUANTITY": ("O",), "DEMOGRAPHIC": ("O", "NRP", "TITLE", "AGE"), "MISC": ("O", "ORGANIZATION", "TITLE")}
_MONTH = re.compile(r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|day\b")
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")


def rows(folder: Path) -> list[Row]:
    return [json.loads(line) for line in (folder / "data.jsonl").read_text("utf-8").splitlines()]


def judgment(row: Row) -> Annotated:
    """Legal head: all of it. General head: persons without their titles, dates with a year, places and bodies; the rest is only "no person"."""
    text = row["text"]
    legal: list[Mark] = []
    general: list[Mark] = []
    for one in _apart(row["entities"]):
        start, end, kind = one["start_offset"], one["end_offset"], TAB_TYPES[one["entity_type"]]
        legal.append(Mark(kind, start, end, identifies=float(one["identifier_type"] != "NO_MASK")))
        general += _general(kind, text[start:end], start, end)
    return Annotated(row["doc_id"], text, general, legal, ("O", "TITLE", "AGE", "NRP"), ("O",))


def _apart(mentions: Sequence[Row]) -> list[Row]:
    """Without those that lie in another one."""
    kept: list[Row] = []
    for one in sorted(mentions, key=lambda mention: (mention["start_offset"], -mention["end_offset"])):
        if not kept or one["start_offset"] >= kept[-1]["end_offset"]:
            kept.append(one)
    return kept


def _general(kind: str, value: str, start: int, end: int) -> list[Mark]:
    if kind == "PERSON":
        title = _TITLE.match(value)
        begin = start + (title.end() if title else 0)
        before = [Mark("TITLE", start, start + len(title.group().rstrip()))] if title else []
        return [*before, Mark("PERSON", begin, end)] if begin < end else before
    if kind == "DATE_TIME":
        return (
            [Mark("DATE_TIME", start, end)]
            if _YEAR.search(value)
            else [Mark("?", start, end, ("O", "DATE_TIME") if _MONTH.search(value) else ("O",))]
        )
    if kind == "LOCATION":
        return [Mark("LOCATION", start, end, ("POSTAL_ADDRESS",))]
    if kind == "ORGANIZATION":
        return [Mark("ORGANIZATION", start, end, ("O",))]
    return [Mark("?", start, end, _OTHERS[kind])]


def sentence(row: Row) -> Annotated:
    """General head: all of it. Legal head: only what it has in common."""
    marks = [
        Mark(SYNTH_TYPES.get(one["entity_type"], one["entity_type"]), one["start_position"], one["end_position"]) for one in row["spans"]
    ]
    return written(f"synth-{row['id']}", row["text"], sorted(marks, key=lambda mark: mark.start))


def written(key: str, text: str, marks: list[Mark]) -> Annotated:
    """A text with marks of the general head only."""
    legal = [Mark("?", mark.start, mark.end, (TO_LEGAL[mark.kind],)) for mark in marks if mark.kind in TO_LEGAL]
    return Annotated(key, text, marks, legal)
