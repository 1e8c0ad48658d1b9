"""Cuts a passage into units that can be quoted: sentences, list items and table rows, each under its headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from chancery_generation.domain.extractive.stacked import LONGEST_LABEL, cells_below, labels, period_lines, row_text
from chancery_generation.domain.extractive.words import stems

Kind = Literal["sentence", "item", "row"]

_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.+?)\s*#*$")
_BOLD_LINE = re.compile(r"^\s*(?:\*\*|__)(.+?)(?:\*\*|__):?\s*$")
_NUMBERED_TITLE = re.compile(
    r"^\s*(?:(?:article|section|clause|part|schedule)\s+)?\d+(?:\.\d+)*[.)]?\s+[A-Z][^.;:!?]{2,60}$", re.IGNORECASE
)
_ASKED = re.compile(r"^\s*(?:Q(?:uestion)?\s*\d*\s*[:.)]\s*)(.+\?)\s*$")
_ANSWERED = re.compile(r"^\s*A(?:nswer)?\s*[:.)]\s+")
_ITEM = re.compile(r"^\s*(?:[-*•–+]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+")
_RULE = re.compile(r"^\s*\|?\s*:?-{2,}.*$")
_FIGURE = r"\(?[£$€]?\s?\(?-?\d[\d,]*(?:\.\d+)?\)?\s?%?|[-–—]"
LONGEST_ROW = 400
LONGEST_TITLE = 300
_FIGURES_LINE = re.compile(rf"^\s*[^\W\d_].{{2,100}}?(?:\s+(?:[£$€]\s+)?(?:{_FIGURE})){{2,}}\s*$")
"""A row of a table whose rules were lost: words, then figures. Two at least, since a wrapped sentence may end a line in one."""
_ENDS = re.compile(r"[.!?][\"'”’)\]*_]*(?=\s+|$)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|etc|vs|v|no|nos|art|arts|sec|cl|para|paras|p|pp|fig|approx|inc|ltd|co|corp|llc|plc|mr|mrs|ms|dr|prof|st|jr|sr|"
    r"u\.s|u\.k|a\.m|p\.m|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)|\b[A-Z]|(?:^|\s)\(?\d{1,3}(?:\.\d{1,3})*)\.$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that can be quoted. `start` and `end` are characters of the passage; `text` is how it is quoted.

    `said`: of a table row, `text` without its `columns`, the headers; they say what the figures are, not what the row is about.
    """

    text: str
    kind: Kind
    start: int
    end: int
    headings: tuple[str, ...]
    paragraph: int
    section: int
    terms: tuple[str, ...]
    columns: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Block:
    """A run of lines of one nature."""

    kind: Literal["prose", "item", "row"]
    start: int
    end: int
    headings: tuple[str, ...]
    section: int
    columns: tuple[str, ...] = ()
    quoted: str = ""
    """Of a row whose cells stand below one another: as it is quoted."""


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Spans of sentences. Abbreviations, initials, and clause numbers such as `4.2.` do not end one."""
    stop = len(text) if end is None else end
    begin = start
    for match in _ENDS.finditer(text, start, stop):
        if text[match.start()] == "." and _ABBREVIATION.search(text[max(begin, match.start() - 12) : match.start() + 1]):
            rest = text[match.end() : stop].lstrip()
            if rest and not (rest[0].isupper() and _closes_sentence(text, begin, match.start())):
                continue
        yield from _trimmed(text, begin, match.end())
        begin = match.end()
    yield from _trimmed(text, begin, stop)


def _closes_sentence(text: str, begin: int, dot: int) -> bool:
    """A number or `p.m.` before a capital ends a sentence, if the sentence has said something before it."""
    word = re.search(r"[^\s]+$", text[begin:dot])
    return word is not None and bool(re.fullmatch(r"\d{1,3}(?:\.\d+)*|a\.m|p\.m|etc", word.group())) and word.start() > 12


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


class _Blocks:
    """Reads lines, keeps the headings in force, and gathers blocks."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.headings: list[tuple[int, str]] = []
        self.section = 0
        self.blocks: list[Block] = []
        self.columns: tuple[str, ...] = ()
        self.periods: tuple[str, ...] = ()
        self.open: tuple[Literal["prose", "item"], int, int] | None = None

    def read(self) -> list[Block]:
        lines = self.text.splitlines(keepends=True)
        starts = list(accumulate((len(line) for line in lines), initial=0))
        number = 0
        while number < len(lines):
            last = self._stacked(lines, number, starts)
            if last is None:
                self._line(lines[number], starts[number], lines[number + 1] if number + 1 < len(lines) else "")
            number = number + 1 if last is None else last + 1
        self._close()
        return self.blocks

    def _stacked(self, lines: list[str], number: int, starts: list[int]) -> int | None:
        """Takes a row whose cells stand below its label, or the headers of columns; the index of its last line."""
        headers = period_lines(lines, number)
        if headers is not None:
            self._close()
            self.periods = headers.values
            return headers.last
        line = lines[number]
        if not labels(line) or line.lstrip().startswith(("|", "#")) or (cells := cells_below(lines, number)) is None:
            return None
        if cells.periods:
            self._line(line, starts[number], "")
            self.periods = cells.values
            return cells.last
        start, label = starts[number], line.strip()
        if self.open is not None:
            start, label = self._label(start, label)
        else:
            self._promote(start)
        end = starts[cells.last] + len(lines[cells.last].rstrip())
        columns = self.periods if len(self.periods) == len(cells.values) else ()
        quoted = row_text(label, cells.values, columns)
        self.blocks.append(Block("row", start, end, self._path(), self.section, columns, quoted))
        return cells.last

    def _promote(self, start: int) -> None:
        """A short line that stands alone right above a row is a heading of the rows below it, and nothing to quote."""
        last = self.blocks[-1] if self.blocks else None
        if last is None or last.kind != "prose" or self.text[last.end : start].strip():
            return
        above = self.text[last.start : last.end]
        if labels(above.rstrip(" :")) and "\n" not in above:
            self.blocks.pop()
            self._enter(8, above.strip())

    def _label(self, start: int, label: str) -> tuple[int, str]:
        """What stands right above a row begins its label, where that goes on in lower case; else it is a heading, if it is no sentence."""
        assert self.open is not None
        kind, begun, ended = self.open
        above = " ".join(self.text[begun:ended].split())
        title, _, heading = self.text[begun:ended].rpartition("\n")
        if kind == "prose" and label[0].islower() and len(above) <= LONGEST_LABEL:
            self.open = None
            return begun, f"{above} {label}"
        if kind == "prose" and len(above) <= LONGEST_TITLE and above[-1] not in ".;":
            self.open = None
            if title.strip():
                self._enter(7, " ".join(title.split()))
            self._enter(8, heading.strip())
        self._close()
        return start, label

    def _line(self, line: str, position: int, following: str) -> None:
        bare, end = line.strip(), position + len(line.rstrip())
        if not bare:
            self._close()
            self.columns = ()
        elif bare.startswith("|") and bare.count("|") >= 2:
            self._row(bare, position, end, following)
        elif len(line) <= LONGEST_ROW and _FIGURES_LINE.match(line):
            self._close()
            self.blocks.append(Block("row", position + len(line) - len(line.lstrip()), end, self._path(), self.section))
        elif (heading := self._heading(line.rstrip("\r\n"))) is not None:
            self._close()
            self._enter(*heading)
        elif _ITEM.match(line):
            self._close()
            self.open = ("item", position + _marker_length(line), end)
        elif self.open is not None:
            self.open = (self.open[0], self.open[1], end)
        else:
            self.open = ("prose", position + _answer_mark(line), end)

    def _heading(self, line: str) -> tuple[int, str] | None:
        if match := _HEADING.match(line):
            return len(match.group(1)), match.group(2).strip("*_ ")
        if match := _BOLD_LINE.match(line) or _ASKED.match(line):
            return 7, match.group(1)
        if self.open is None and _NUMBERED_TITLE.match(line):
            return 6, line.strip()
        return None

    def _enter(self, level: int, title: str) -> None:
        self.headings = [(depth, name) for depth, name in self.headings if depth < level] + [(level, title)]
        self.section += 1

    def _row(self, bare: str, position: int, end: int, following: str) -> None:
        self._close()
        cells = tuple(cell.strip(" *") for cell in bare.strip("|").split("|"))
        if _RULE.match(bare):
            return
        if _RULE.match(following.strip()):
            self.columns = cells
            return
        self.blocks.append(Block("row", position, end, self._path(), self.section, self.columns))

    def _close(self) -> None:
        if self.open is not None:
            kind, start, end = self.open
            self.blocks.append(Block(kind, start, end, self._path(), self.section))
            self.open = None

    def _path(self) -> tuple[str, ...]:
        return tuple(name for _, name in self.headings)


def _marker_length(line: str) -> int:
    """Bullets are left out of a quotation; numbers such as `(a)` or `3.` stay, they are part of the wording."""
    match = re.match(r"\s*[-*•–+]\s+", line)
    return match.end() if match else len(line) - len(line.lstrip())


def _answer_mark(line: str) -> int:
    match = _ANSWERED.match(line)
    return match.end() if match else len(line) - len(line.lstrip())


def _cells(raw: str) -> list[str]:
    return [cell.strip(" *") for cell in raw.strip().strip("|").split("|")]


def _apart(raw: str, columns: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The headers that a row is quoted with, and the row without them."""
    cells = _cells(raw) if "|" in raw else [_flat(raw)]
    return (columns if len(columns) == len(cells) else ()), " ".join(cells)


def _row_text(raw: str, columns: tuple[str, ...]) -> str:
    if "|" not in raw:
        return _flat(raw)
    cells = _cells(raw)
    if len(columns) != len(cells):
        return "; ".join(cell for cell in cells if cell)
    return "; ".join(f"{column}: {cell}" if column else cell for column, cell in zip(columns, cells, strict=True) if cell)


@lru_cache(maxsize=4096)
def units_of(text: str) -> tuple[Unit, ...]:
    """All units of a passage, in order. Cached, because the same passages come again and again."""
    units: list[Unit] = []
    for number, block in enumerate(_Blocks(text).read()):
        kind: Kind = "sentence" if block.kind == "prose" else block.kind
        spans = iter([(block.start, block.end)]) if block.kind == "row" else sentence_spans(text, block.start, block.end)
        for start, end in spans:
            raw = text[start:end]
            quoted = block.quoted or (_row_text(raw, block.columns) if block.kind == "row" else _flat(raw))
            columns, said = _said(raw, quoted, block)
            units.append(Unit(quoted, kind, start, end, block.headings, number, block.section, tuple(stems(quoted)), columns, said))
    return tuple(units)


def _said(raw: str, quoted: str, block: Block) -> tuple[tuple[str, ...], str]:
    """Headers, and what is said without them."""
    if block.quoted:
        return block.columns, _flat(raw)
    return _apart(raw, block.columns) if block.kind == "row" else ((), quoted)


def _flat(raw: str) -> str:
    """One line, without Markdown emphasis."""
    return re.sub(r"\s+", " ", re.sub(r"\*\*|__|`", "", raw)).strip()
