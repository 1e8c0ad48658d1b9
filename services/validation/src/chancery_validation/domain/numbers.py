"""Numbers, amounts, percentages and dates, brought to one form so that they can be compared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|"
    r"dec(?:ember)?)\.?"
)
_DATE = re.compile(
    rf"\b(?P<iso>(?P<y1>\d{{4}})-(?P<m1>\d{{2}})-(?P<d1>\d{{2}}))\b"
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m2>{_MONTH}),?(?:\s+(?P<y2>\d{{4}}))?\b"
    rf"|\b(?P<m3>{_MONTH})\s*(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y3>\d{{4}}))?\b"
    rf"|\b(?P<a4>\d{{1,2}})[/.](?P<b4>\d{{1,2}})[/.](?P<y4>\d{{4}})\b",
    re.IGNORECASE,
)
_YEAR = r"(?:19|20)\d\d\b(?![.,]\d)"
_YEARS = re.compile(rf"(?:[\s|;*]+{_YEAR})+|(?:,\s+{_YEAR})*,?\s+and\s+{_YEAR}")
"""Columns, or `2018, 2017 and 2016`; after a mere comma another number may begin."""
_NUMBER = re.compile(
    r"(?P<money>[£$€¥]\s?)?"
    r"(?<![\w.,])(?P<prefix>FY|Q)?(?P<digits>\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d+(?:\.\d+)*)"
    r"(?!-[A-Z]\b)(?:\s?(?P<scale>k|thousand|m|mn|million|bn?|billion|tn|trillion)\b)?"
    r"(?:\s?(?P<unit>%|per\s?cent\b|percent\b|percentage points?\b|pounds?\b|sterling\b|dollars?\b|euros?\b|GBP\b|USD\b|EUR\b))?",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?:GBP|USD|EUR|US)\s*\$?\s*$")
_SCALES = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "b": 9, "bn": 9, "billion": 9, "tn": 12, "trillion": 12}
_UNITS = {
    "£": "£",
    "$": "$",
    "€": "€",
    "¥": "¥",
    "pound": "£",
    "sterling": "£",
    "gbp": "£",
    "dollar": "$",
    "usd": "$",
    "euro": "€",
    "eur": "€",
}
_DECLARED = (
    (re.compile(r"[£$€]\s?'?000s?\b|\b(?:dollars|pounds|euros)?\s?in\s?thousands\b|\bthousands of\b", re.I), 3),
    (re.compile(r"[£$€]\s?mn?\b|\b(?:dollars|pounds|euros)?\s?in\s?millions\b|\bmillions of\b|\(millions|\$ millions", re.I), 6),
    (re.compile(r"[£$€]\s?bn\b|\b(?:dollars|pounds|euros)?\s?in\s?billions\b|\bbillions of\b", re.I), 9),
)  # a PDF's text may have lost the spaces: `(Dollarsinmillions,exceptpersharedata)`
_UP_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty"
)
_TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100}
_WORDS = {word: Decimal(value) for word, value in [*((w, v) for v, w in enumerate(_UP_TO_TWENTY.split())), *_TENS.items()]}
_WORD = re.compile(r"\b(?:" + "|".join(_WORDS) + r")\b", re.IGNORECASE)
_ENUMERATOR = re.compile(r"(?m)^\s*\(?\d{1,2}[.)]\s")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is meant. `value` is scaled (£1.2m: 1200000); `places` decimals were written before scaling by 10^`scale`."""

    value: Decimal
    unit: str = ""
    scale: int = 0
    places: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """A date; `year` may be unsaid. `swapped`: day and month may stand the other way round."""

    day: int
    month: int
    year: int | None = None
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Quantities:
    """All that a text counts, measures or dates."""

    figures: frozenset[Figure]
    days: frozenset[Day]


def claims(text: str) -> list[Figure | Day]:
    """Figures and dates that a text claims, in order, each once. Numbers of list items claim nothing."""
    bare = _ENUMERATOR.sub(lambda found: " " * len(found.group()), text)
    days, rest = _take_days(bare)
    return list(dict.fromkeys([*days, *_figures(rest)]))


@lru_cache(maxsize=4096)
def quantities(text: str) -> Quantities:
    """What a source can bear out: also numbers written as words, in the scale that its tables declare, and parts of its dates."""
    days, rest = _take_days(text)
    days += _further_years(text)
    figures = set(_figures(rest))
    figures |= {Figure(_WORDS[match.group().lower()]) for match in _WORD.finditer(text)}
    for pattern, scale in _DECLARED:
        if pattern.search(text):
            figures |= {_raised(figure, scale) for figure in figures if figure.scale == 0 and figure.unit != "%"}
    for day in days:
        figures |= {Figure(Decimal(part)) for part in (day.day, day.year) if part is not None}
    return Quantities(frozenset(figures), frozenset(days))


def supported(claim: Figure | Day, sources: list[Quantities]) -> bool:
    """True if any source holds the same date, or the same number in the same unit (or in none), or one that rounds to it."""
    if isinstance(claim, Day):
        return any(_same_day(claim, day) for source in sources for day in source.days)
    if any(_same_figure(claim, figure) for source in sources for figure in source.figures):
        return True
    return claim.unit == "" and any(claim.value == day.year for source in sources for day in source.days if day.year)


def _figures(text: str) -> Iterator[Figure]:
    for match in _NUMBER.finditer(text):
        digits, places = _digits(match["digits"])
        if digits is None:
            continue
        scale = _SCALES.get((match["scale"] or "").lower(), 0)
        yield Figure((digits.scaleb(scale)).normalize(), _unit(match, text), scale, places)


def _digits(written: str) -> tuple[Decimal | None, int]:
    """Value and decimals. `1.234,5` is read the continental way; `4.2.1` is no number."""
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+", written):
        written = written.replace(".", "").replace(",", ".")
    plain = re.sub(r"[,\u00a0\u202f]", "", written)
    if plain.count(".") > 1 or len(plain) > 40:
        return None, 0
    return Decimal(plain), len(plain.partition(".")[2])


def _unit(match: re.Match[str], text: str) -> str:
    after = (match["unit"] or "").lower()
    if after == "%" or after.startswith("per"):
        return "%"
    sign = (match["money"] or "").strip()
    if sign:
        return sign
    if after:
        return _UNITS.get(after.removesuffix("s"), "")
    code = _CODE.search(text[max(0, match.start() - 5) : match.start()])
    return _UNITS.get(code.group().strip().lower()[:3], "") if code else ""


def _raised(figure: Figure, scale: int) -> Figure:
    return Figure(figure.value.scaleb(scale).normalize(), figure.unit, scale, figure.places)


def _same_figure(claim: Figure, source: Figure) -> bool:
    if claim.unit and source.unit and claim.unit != source.unit:
        return False
    return claim.value == source.value or _rounds_to(source, claim)


def _rounds_to(source: Figure, claim: Figure) -> bool:
    """£1.23 billion may be said of 1,234 million, and 12.3 % of 12.34 %; whole numbers without a scale must be exact."""
    if claim.places == 0 and claim.scale == 0 and claim.unit != "%":
        return False
    step = Decimal(1).scaleb(claim.scale - claim.places)
    finer = source.scale - source.places < claim.scale - claim.places
    if not finer or claim.value == 0 or source.value.adjusted() > 24 or claim.value.adjusted() < claim.scale:
        return False
    return (source.value / step).quantize(Decimal(1), ROUND_HALF_UP) * step == claim.value


def _take_days(text: str) -> tuple[list[Day], str]:
    """The dates of a text, and the text with blanks in their place."""
    days: list[Day] = []

    def take(match: re.Match[str]) -> str:
        day = _day(match)
        if day is None:
            return match.group()
        days.append(day)
        return " " * len(match.group())

    return days, _DATE.sub(take, text)


def _further_years(text: str) -> Iterator[Day]:
    """`31 December 2018 | 2017`: a table's header names the day once for several years."""
    for match in _DATE.finditer(text):
        years = _YEARS.match(text, match.end())
        day = _day(match)
        if day is not None and years is not None:
            yield from (replace(day, year=int(year)) for year in re.findall(r"\d{4}", years.group()))


def _day(match: re.Match[str]) -> Day | None:
    if match["iso"]:
        day, month, year, swapped = int(match["d1"]), int(match["m1"]), int(match["y1"]), False
    elif match["a4"]:
        day, month, year, swapped = int(match["a4"]), int(match["b4"]), int(match["y4"]), True
        if month > 12:
            day, month = month, day
    else:
        number = "2" if match["d2"] else "3"
        said = match[f"y{number}"]
        return _checked(Day(int(match[f"d{number}"]), _MONTHS.index(match[f"m{number}"][:3].lower()) + 1, int(said) if said else None))
    return _checked(Day(day, month, year, swapped and day <= 12))


def _checked(day: Day) -> Day | None:
    return day if 1 <= day.day <= 31 and 1 <= day.month <= 12 else None


def _same_day(claim: Day, source: Day) -> bool:
    if claim.year is not None and source.year is not None and claim.year != source.year:
        return False
    if claim.year is not None and source.year is None:
        return False
    same = (claim.day, claim.month) == (source.day, source.month)
    return same or ((claim.swapped or source.swapped) and (claim.month, claim.day) == (source.day, source.month))
