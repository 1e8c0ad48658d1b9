"""Markdown and plain text as blocks with exact offsets. A block is what must not be torn apart without need."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "clause", "item", "table", "code"]

# Each pattern is linear in the length of the line: documents come from outside.
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(\S.*)$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_CLAUSE = re.compile(
    r"^ {0,3}(?:\*\*|__)?(?:(?:Article|Section|Clause|Schedule)[ \t]{1,4}\d{1,3}(?:\.\d{1,3})*[.:)]?|\d{1,3}(?:\.\d{1,3})+\.?|\d{1,3}[.)])"
    r"(?:\*\*|__)?[ \t]+\S",
    re.IGNORECASE,
)
_TABLE_RULE_CHARACTERS = frozenset("|:- \t")
_ITEM = re.compile(r"^[ \t]*([-*+]|\((?:[a-z]{1,2}|[ivx]{1,5}|\d{1,2})\)|[a-z][.)])[ \t]+\S", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]`, trimmed of white space. `level` is a heading's; `label` is its words."""

    kind: Kind
    start: int
    end: int
    level: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str

    @property
    def blank(self) -> bool:
        return not self.text.strip()


def parse_blocks(text: str, *, markdown: bool) -> list[Block]:
    """All blocks in order. They never overlap, and what lies between them is white space."""
    lines = list(_lines(text))
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        if lines[at].blank:
            at += 1
            continue
        kind, stop, level, label = _block_at(lines, at, markdown=markdown)
        start, end = _trimmed(text, lines[at].start, lines[stop - 1].end)
        blocks.append(Block(kind, start, end, level, label))
        at = stop
    return blocks


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    while start < len(text):
        newline = text.find("\n", start)
        end = len(text) if newline < 0 else newline + 1
        yield _Line(start, end, text[start:end].rstrip("\r\n"))
        start = end


def _block_at(lines: list[_Line], at: int, *, markdown: bool) -> tuple[Kind, int, int, str]:
    """Kind, first line after it, level and label of the block that starts at a line that is not blank."""
    first = lines[at].text
    if markdown and (heading := _HEADING.match(first)):
        return "heading", at + 1, len(heading.group(1)), heading.group(2).rstrip().rstrip("#").rstrip()
    if markdown and (fence := _FENCE.match(first)):
        return "code", _fence_end(lines, at + 1, fence.group(1)), 0, ""
    if markdown and _is_table(lines, at):
        return "table", _table_end(lines, at + 2), 0, ""
    if _CLAUSE.match(first):
        return "clause", _prose_end(lines, at + 1, markdown=markdown), 0, ""
    kind: Kind = "item" if _ITEM.match(first) else "paragraph"
    return kind, _prose_end(lines, at + 1, markdown=markdown), 0, ""


def _is_table(lines: list[_Line], at: int) -> bool:
    if at + 1 >= len(lines) or "|" not in lines[at].text:
        return False
    rule = lines[at + 1].text
    return "|" in rule and "-" in rule and _TABLE_RULE_CHARACTERS.issuperset(rule)


def _fence_end(lines: list[_Line], at: int, fence: str) -> int:
    """After the closing fence, or the end of the text where there is none (CommonMark 4.5)."""
    for index in range(at, len(lines)):
        if lines[index].text.strip().startswith(fence):
            return index + 1
    return len(lines)


def _table_end(lines: list[_Line], at: int) -> int:
    while at < len(lines) and "|" in lines[at].text:
        at += 1
    return at


def _prose_end(lines: list[_Line], at: int, *, markdown: bool) -> int:
    """Prose ends at a blank line, or where something else begins."""
    while at < len(lines) and not lines[at].blank:
        line = lines[at].text
        if _CLAUSE.match(line) or _ITEM.match(line):
            break
        if markdown and (_HEADING.match(line) or _FENCE.match(line) or _is_table(lines, at)):
            break
        at += 1
    return at


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
