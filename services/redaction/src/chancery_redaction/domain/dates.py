"""Dates as people write them: read, moved by days, generalised, written again in the same way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SHORT = tuple(name[:3] for name in MONTHS)
_NAME = "|".join((*MONTHS, *_SHORT))
DATE = re.compile(
    r"(?<![\w./-])(?:"
    r"(?P<iso>\d{4}-\d{2}-\d{2})"
    rf"|(?P<day>\d{{1,2}})(?P<th>st|nd|rd|th)?(?P<gap> (?:of )?)(?P<month>{_NAME})(?P<tail>,? )(?P<year>\d{{4}})"
    rf"|(?P<us_month>{_NAME}) (?P<us_day>\d{{1,2}})(?P<us_th>st|nd|rd|th)?(?P<us_tail>,? )(?P<us_year>\d{{4}})"
    r"|(?P<first>\d{1,2})(?P<sign>[/.])(?P<second>\d{1,2})(?P=sign)(?P<full>\d{4})"
    r")(?![\w/-]|\.\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A date in a text, and the way in which it is written there."""

    start: int
    end: int
    value: date
    parts: re.Match[str]

    def moved(self, days: int) -> str | None:
        """In the same way, so many days later; None where the way does not tell it without doubt."""
        try:
            later = self.value + timedelta(days=days)
        except OverflowError:
            return None
        text = self._styled(later)
        again = next(dates(text), None)
        return text if again is not None and again.value == later and again._styled(self.value) == self.parts[0] else None

    def generalised(self) -> str:
        """Month and year."""
        groups = self.parts.groupdict()
        if groups["iso"]:
            return f"{self.value:%Y-%m}"
        if groups["first"]:
            return f"{self.value.month:02d}{groups['sign']}{self.value.year:04d}"
        return f"{groups['month'] or groups['us_month']} {self.value.year:04d}"

    def _styled(self, value: date) -> str:
        groups = self.parts.groupdict()
        if groups["iso"]:
            return value.isoformat()
        if groups["first"]:
            day_first = int(groups["first"]) == self.value.day
            numbers = (value.day, value.month) if day_first else (value.month, value.day)
            padded = [f"{one:02d}" if len(groups[name]) == 2 else str(one) for one, name in zip(numbers, ("first", "second"), strict=True)]
            return groups["sign"].join([*padded, f"{value.year:04d}"])
        if groups["month"]:
            day = _day(value, groups["day"], groups["th"])
            return f"{day}{groups['gap']}{_month(value, groups['month'])}{groups['tail']}{value.year:04d}"
        day = _day(value, groups["us_day"], groups["us_th"])
        return f"{_month(value, groups['us_month'])} {day}{groups['us_tail']}{value.year:04d}"


def dates(text: str) -> Iterator[Written]:
    """Those that are days of the calendar, in order."""
    for found in DATE.finditer(text):
        value = _read(found)
        if value is not None:
            yield Written(found.start(), found.end(), value, found)


def _read(found: re.Match[str]) -> date | None:
    groups = found.groupdict()
    try:
        if groups["iso"]:
            return date.fromisoformat(groups["iso"])
        if groups["first"]:
            first, second = int(groups["first"]), int(groups["second"])
            day, month = (second, first) if second > 12 else (first, second)
            return date(int(groups["full"]), month, day)
        name = groups["month"] or groups["us_month"]
        month = _SHORT.index(name[:3].title()) + 1
        return date(int(groups["year"] or groups["us_year"]), month, int(groups["day"] or groups["us_day"]))
    except ValueError:
        return None


def _day(value: date, written: str, ordinal: str | None) -> str:
    day = f"{value.day:02d}" if written.startswith("0") else str(value.day)
    if not ordinal:
        return day
    suffix = "th" if 11 <= value.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(value.day % 10, "th")
    return day + (suffix.upper() if ordinal.isupper() else suffix)


def _month(value: date, written: str) -> str:
    name = MONTHS[value.month - 1]
    # May is as long as its abbreviation: it counts as written out.
    name = name[:3] if len(written) == 3 and written.title() != "May" else name
    return name.upper() if written.isupper() else name.lower() if written.islower() else name
