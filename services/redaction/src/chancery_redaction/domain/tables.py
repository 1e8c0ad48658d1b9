"""Tables in a text (Markdown, tabs, CSV): their cells, and under which heading each stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"[^\n]*\n?")
_CSV_CELL = re.compile(r' *+(?:"((?:[^"]|"")*+)" *+|([^",]*+))(?:,|$)')
_HEADING = re.compile(r"^[^\W\d][\w /().#'-]{0,40}$")
LEAST_CSV_ROWS = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """Characters `start` to `end` of the text, under a heading; headings are not cells."""

    heading: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """Where it stands, and its cells in order."""

    start: int
    headings_end: int
    end: int
    cells: tuple[Cell, ...]


def tables(text: str, start: int, end: int) -> Iterator[Table]:
    """Those between two places of a text, in order."""
    lines = [(found.start(), found.end()) for found in _LINE.finditer(text, start, end) if found[0]]
    at = 0
    while at < len(lines):
        used = _table_at(text, lines, at)
        if used is None:
            at += 1
            continue
        table, at = used
        yield table


def _table_at(text: str, lines: list[tuple[int, int]], at: int) -> tuple[Table, int] | None:
    first = text[slice(*lines[at])]
    if "|" in first and at + 1 < len(lines) and _is_rule(text[slice(*lines[at + 1])]):
        return _rows(text, lines, at, at + 2, "|")
    for separator in ("\t", ","):
        if separator in first and (found := _rows(text, lines, at, at + 1, separator)) is not None:
            return found
    return None


def _is_rule(line: str) -> bool:
    """`|---|:--:|`."""
    return "|" in line and "--" in line and set(line.strip()) <= set("|:- ")


def _rows(text: str, lines: list[tuple[int, int]], heading: int, first: int, separator: str) -> tuple[Table, int] | None:
    headings = [text[start:end].strip() for start, end in _cells(text, *lines[heading], separator)]
    strict = separator != "|"
    if strict and (len(headings) < 2 or not all(_HEADING.match(one) for one in headings)):
        return None
    cells: list[Cell] = []
    last = first
    while last < len(lines):
        found = _cells(text, *lines[last], separator)
        if (len(found) != len(headings)) if strict else ("|" not in text[slice(*lines[last])]):
            break
        cells += [Cell(headings[number] if number < len(headings) else "", *place) for number, place in enumerate(found)]
        last += 1
    if last - first < (LEAST_CSV_ROWS if separator == "," else 1):
        return None
    return Table(lines[heading][0], lines[heading][1], lines[last - 1][1], tuple(cells)), last


def _cells(text: str, start: int, end: int, separator: str) -> list[tuple[int, int]]:
    line = text[start:end].rstrip("\r\n")
    if separator == ",":
        return _csv_cells(line, start)
    places: list[tuple[int, int]] = []
    position = 0
    for piece in line.split(separator):
        places.append((start + position, start + position + len(piece)))
        position += len(piece) + 1
    if separator == "|":
        if places and not line.split("|")[0].strip():
            places = places[1:]
        if places and not line.rsplit("|", 1)[-1].strip():
            places = places[:-1]
    return places


def _csv_cells(line: str, start: int) -> list[tuple[int, int]]:
    """RFC 4180; none where a line does not follow it."""
    places: list[tuple[int, int]] = []
    position = 0
    while found := _CSV_CELL.match(line, position):
        group = 1 if found[1] is not None else 2
        places.append((start + found.start(group), start + found.end(group)))
        position = found.end()
        if not found[0].endswith(","):
            return places
    return []
