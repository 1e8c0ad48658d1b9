"""Tables whose cells stand below one another: what text extraction leaves of the statements in a report.

Purchases of property, plant and equipment
(1,577)
$
(1,373)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_LABEL = 160
MOST_CELLS = 12
"""A longer run of figures is a column that was taken out of its table."""
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_PERIOD = re.compile(rf"^(?:fy\s?)?(?:{_MONTH}\s+\d{{1,2}},?\s+)?(?:19|20)\d\d$", re.IGNORECASE)
_MARK = re.compile(r"^[$£€¥%)]+$")
_CELL = re.compile(r"^[$£€¥]?\s?\(?-?[$£€¥]?\s?\d[\d,]*(?:\.\d+)?\s?\)?\s?(?:%|pts)?\)?(?:\s?[$£€¥])?$|^[$£€¥]?\s?[-–—]+(?:\s?[$£€¥])?$")
_FIGURE = re.compile(r"\(?-?\d[\d,]*(?:\.\d+)?\s?\)?\s?%?|[-–—]+")
_TELLING = re.compile(r"[,.%$£€¥()]")


@dataclass(frozen=True, slots=True)
class Cells:
    """A run of cells below line `first`. `last` is the index of its last line; `periods`: they are the columns' headers."""

    values: tuple[str, ...]
    last: int
    periods: bool


def cells_below(lines: Sequence[str], first: int) -> Cells | None:
    """The cells that follow a line, where it can be their label; `first` is its index."""
    values: list[str] = []
    telling = False
    last = first
    for number in range(first + 1, len(lines)):
        bare = lines[number].strip()
        if _MARK.match(bare):
            telling = True
        elif _CELL.match(bare) or _PERIOD.match(bare):
            values.append(bare)
            telling = telling or _TELLING.search(bare) is not None
            last = number
        elif bare:
            break
        if len(values) > MOST_CELLS:
            return None
    if not values:
        return None
    periods = all(_PERIOD.match(value) for value in values)
    if periods:
        return Cells(tuple(values), last, periods=True) if len(values) > 1 else None
    if len(values) == 1 and not telling:
        return None  # the number of a page
    return Cells(tuple(_figure(value) for value in values), last, periods=False)


def labels(line: str) -> bool:
    """Whether a line can name a row: words, and not the end of a sentence."""
    bare = line.strip()
    return 2 < len(bare) <= LONGEST_LABEL and bare[-1] not in ".;:" and any(letter.isalpha() for letter in bare)


def period_lines(lines: Sequence[str], first: int) -> Cells | None:
    """Dates that stand one below the other from a line on: the headers of columns."""
    values: list[str] = []
    last = first
    for number in range(first, len(lines)):
        bare = lines[number].strip()
        if _PERIOD.match(bare):
            values.append(bare)
            last = number
        elif bare:
            break
    return Cells(tuple(values), last, periods=True) if 1 < len(values) <= MOST_CELLS else None


def row_text(label: str, values: Sequence[str], columns: Sequence[str]) -> str:
    """As it is quoted: with the columns' headers where there is one for each cell."""
    name = " ".join(label.split())
    if len(columns) == len(values):
        return "; ".join((name, *(f"{column}: {value}" for column, value in zip(columns, values, strict=True))))
    return f"{name}: {'; '.join(values)}"


def _figure(cell: str) -> str:
    """Without the currency sign of the next column, with its own."""
    own = cell.rstrip("$£€¥ ")
    return own if _FIGURE.search(own) else cell
