"""What a model card says of its limits, in its own words: the paragraphs and points below such headings."""

import re
from collections.abc import Iterator

from chancery_cli.cards.reading import text

MOST_LIMITS = 20
_HEADING = re.compile(r"(#{1,6})\s+(.{1,200})")
_ABOUT_LIMITS = re.compile(r"limitation|out[- ]of[- ]scope|not intended|bias|risk", re.IGNORECASE)
_POINT = re.compile(r"\s{0,8}(?:[-*+]|\d{1,3}[.)])\s+")


def limits(markdown: str) -> tuple[str, ...]:
    """One limit a point or paragraph, twenty at most."""
    found: list[str] = []
    for block in _blocks(markdown):
        stated = text(block)
        if stated and stated not in found:
            found.append(stated)
        if len(found) == MOST_LIMITS:
            break
    return tuple(found)


def _blocks(markdown: str) -> Iterator[str]:
    level, block = 0, ""
    for line in [*markdown.split("\n"), ""]:
        heading = _HEADING.match(line)
        if heading is not None:
            yield block
            level, block = _level(level, heading), ""
        elif level and (_POINT.match(line) or not line.strip()):
            yield block
            block = _POINT.sub("", line, count=1)
        elif level:
            block += " " + line.strip()
    yield block


def _level(inside: int, heading: "re.Match[str]") -> int:
    """Of the heading about limits that we are below; 0 where we are below none."""
    level = len(heading[1])
    if inside and level > inside:
        return inside
    return level if _ABOUT_LIMITS.search(heading[2]) else 0
