"""Co-reference by form: what was found once is found everywhere in the text, a person also by surname, given name or initials."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from chancery_ner.entity import Entity

_WORD = re.compile(r"\w+")
_TITLE = re.compile(r"^(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Judge|Sir|Lord|Lady|Dame|Justice)\b\.?\s+)+")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "dds", "md", "phd", "esq", "qc", "kc"})
_INITIALS = re.compile(
    r"\b(?:(?P<title>Mr|Mrs|Ms|Miss|Dr)\.?\s+(?P<one>\w)\.|(?P<first>[^\W\d_])\.\s?(?:[^\W\d_]\.\s?)?(?P<last>[^\W\d_])\.)"
)
_PLAIN = frozenset({"QUANTITY", "AGE", "TITLE", "NRP", "PHONE_NUMBER"})
"""Types whose values say nothing elsewhere in the text."""
_SHORTEST = 3
_MOST = 64
"""Values compared at one place: bounds the work on a hostile text."""


def references(text: str, found: Sequence[Entity]) -> list[Entity]:
    """Further mentions of what was found, none of which overlaps it; each says in `of` which value it refers to."""
    names = _names(text, found)
    taken = _taken(len(text), found)
    more: list[Entity] = []
    for match in _WORD.finditer(text):
        start = match.start()
        for value, entity, full in names.get(match.group(), ()):
            end = start + len(value)
            if not taken[start] and text.startswith(value, start) and _whole(text, end) and not any(taken[start:end]):
                more.append(Entity(entity.label, start, end, entity.score, entity.identifying, full))
                taken[start:end] = b"\1" * (end - start)
                break
    return sorted([*more, *_initials(text, found, taken)], key=lambda one: one.start)


def referred(text: str, found: Sequence[Entity]) -> list[Entity]:
    """What was found, where a mention is a part of another one's name saying so in `of`."""
    fulls = _surnames(text, found)
    return [_pointing(one, fulls.get(bare_name(text[one.start : one.end]))) if one.label == "PERSON" else one for one in found]


def bare_name(value: str) -> str:
    """A person's name without title and without the genitive's s."""
    value = _TITLE.sub("", value)
    return re.sub(r"['’]s?$", "", value)


def _pointing(one: Entity, full: str | None) -> Entity:
    return one if full is None else Entity(one.label, one.start, one.end, one.score, one.identifying, full)


def _surnames(text: str, found: Iterable[Entity]) -> dict[str, str]:
    """Single words that are part of exactly one full name."""
    owners: dict[str, set[str]] = defaultdict(set)
    for one in found:
        full = bare_name(text[one.start : one.end])
        if one.label == "PERSON" and len(_WORD.findall(full)) > 1:
            for part in _parts(full):
                owners[part].add(full)
    return {part: next(iter(fulls)) for part, fulls in owners.items() if len(fulls) == 1}


def _parts(full: str) -> list[str]:
    words = [word for word in re.split(r"[\s.]+", full) if word.casefold() not in _SUFFIXES]
    return [word for word in words if len(word) >= _SHORTEST and word[0].isupper()]


def _names(text: str, found: Sequence[Entity]) -> dict[str, list[tuple[str, Entity, str | None]]]:
    """By first word: strings to look for, longest first."""
    seen: dict[str, tuple[Entity, str | None]] = {}
    lower = {word for word in _WORD.findall(text) if word.islower()}
    for one in found:
        value = text[one.start : one.end]
        full = bare_name(value) if one.label == "PERSON" else value
        if len(full) >= _SHORTEST and one.label not in _PLAIN and not full.islower():
            seen.setdefault(full, (one, None))
    for part, full in _surnames(text, found).items():
        if part.casefold() not in lower and full in seen:
            seen.setdefault(part, (seen[full][0], full))
    names: dict[str, list[tuple[str, Entity, str | None]]] = defaultdict(list)
    for value, (one, owner) in seen.items():
        if (first := _WORD.search(value)) and first.start() == 0:
            names[first.group()].append((value, one, owner))
    return {first: sorted(values, key=lambda each: -len(each[0]))[:_MOST] for first, values in names.items()}


def _initials(text: str, found: Sequence[Entity], taken: bytearray) -> Iterable[Entity]:
    """`Mr S.` and `J.S.` of a person whose name has these initials."""
    people = {full: one for one in found if one.label == "PERSON" and (full := bare_name(text[one.start : one.end]))}
    by_last: dict[str, list[str]] = defaultdict(list)
    for full in people:
        if words := [word for word in full.split() if word[0].isupper()]:
            by_last[words[-1][0]].append(full)
    for match in _INITIALS.finditer(text):
        if any(taken[match.start() : match.end()]):
            continue
        owners = by_last.get(match["one"] or match["last"], [])
        if match["first"]:
            owners = [full for full in owners if full[0] == match["first"] and len(full.split()) > 1]
        if len(owners) == 1:
            one = people[owners[0]]
            yield Entity("PERSON", match.start(), match.end(), one.score, one.identifying, owners[0])


def _taken(length: int, found: Iterable[Entity]) -> bytearray:
    taken = bytearray(length)
    for one in found:
        taken[one.start : one.end] = b"\1" * (one.end - one.start)
    return taken


def _whole(text: str, end: int) -> bool:
    return end >= len(text) or not (text[end].isalnum() or text[end] == "_")
