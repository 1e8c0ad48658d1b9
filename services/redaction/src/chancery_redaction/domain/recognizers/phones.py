"""Telephone numbers: a bounded pattern proposes, the numbering plan of the region disposes (metadata of `phonenumbers`)."""

import re
from collections.abc import Callable
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from chancery_redaction.domain.recognizers.recognizer import Recognizer, whole, words

REGIONS = ("GB", "IE", "DE", "FR")
"""Whose national numbers are known by their leading 0; those of North America by their grouping."""
_KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan")
_EXTENSION = r"(?:[ ,]{0,2}(?:x|ext\.?|extension) ?\d{1,6})?"
_ABROAD = re.compile(rf"[+0](?<![\w+][+0])(?:(?<=\+)|0)[1-9]\d{{0,2}}(?:[ ./-]{{0,2}}\(?\d{{1,6}}\)?){{1,7}}{_EXTENSION}(?!\w)")
_TRUNK = re.compile(
    rf"(?<![\w+.,/-])\(?0\d{{1,5}}\)?(?:[ ./-]{{1,2}}\d{{2,8}}){{1,5}}{_EXTENSION}(?![\w-]|[.,/]\d)"
    r"|(?<![\w+.,/-])0\d{9,11}(?![\w-]|[.,/]\d)"
)
_AMERICAN = re.compile(
    rf"(?<![\w+.,/-])(?:1[ .-]?)?(?:\([2-9]\d{{2}}\) ?|[2-9]\d{{2}}[ .-])[2-9]\d{{2}}[ .-]\d{{4}}{_EXTENSION}(?![\w-]|[.,/]\d)"
)
_BARE = re.compile(rf"(?<![\w+.,/-])1?[2-9]\d{{2}}[2-9]\d{{6}}{_EXTENSION}(?![\w-]|[.,/]\d)")
_WORDS = words("phones?", "tel", "telephone", "call", "called", "calls", "mobile", "cell", "fax", "contact", "number is", "reach", "text",
               "dial", "whatsapp", "telefon", "handy", "ring")  # fmt: skip
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{2}[./-]\d{2}[./-]\d{2}")


@cache
def _plan(region: str) -> re.Pattern[str] | None:
    """National numbers that the region gives out; none where there is no such region."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    given_out = [getattr(metadata, kind) for kind in _KINDS]
    return re.compile(
        "|".join(f"(?:{one.national_number_pattern})" for one in given_out if one is not None and one.national_number_pattern)
    )


@cache
def _lengths(region: str) -> frozenset[int]:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    general = metadata.general_desc if metadata is not None else None
    return frozenset(general.possible_length) if general is not None else frozenset()


def _fits(region: str, digits: str) -> bool:
    plan = _plan(region)
    return plan is not None and plan.fullmatch(digits) is not None


def _digits(value: str) -> str:
    """Those of the number, without an extension's."""
    return "".join(char for char in re.split("[xe]", value, maxsplit=1)[0] if char.isdigit())


def _abroad(value: str) -> bool:
    """+ or 00, the country's code, its number; a trunk 0 in brackets is not dialled, and Italy's without belongs to the number.

    After a + the length is enough: ranges are given out faster than the metadata tell, and some are kept for examples.
    """
    digits = _digits(value).removeprefix("00") if value.startswith("00") else _digits(value)
    for length in (1, 2, 3):
        rest = digits[length:]
        for region in COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length]), ())[:3]:
            national = rest.removeprefix("0")
            if _fits(region, rest) or _fits(region, national) or (value.startswith("+") and len(national) in _lengths(region)):
                return True
    return False


def _trunk(value: str) -> bool:
    digits = _digits(value)
    return 9 <= len(digits) <= 13 and not _DATE.fullmatch(value) and any(_fits(region, digits[1:]) for region in REGIONS)


def _american(value: str) -> bool:
    digits = _digits(value)
    return _fits("US", digits[-10:]) or _fits("CA", digits[-10:])


def _in_front(check: Callable[[str], bool]) -> Callable[[str], int]:
    """Characters of the groups in front that are a number: another number, or other figures, may follow it.

    The whole first, then what another number's 0 or + follows, then the longest.
    """

    def end(value: str) -> int:
        cuts = [place for place in range(len(value) - 1, 0, -1) if value[place] in " ./-(" and value[place - 1] not in " ./-("]
        cuts.sort(key=lambda place: value[place:].lstrip(" ./-(")[:1] not in ("0", "+"))
        return next((place for place in (len(value), *cuts) if check(value[:place])), 0)

    return end


RECOGNIZERS = (
    Recognizer("PHONE_NUMBER", _ABROAD, 0.9, "numbering plan of the country", _in_front(_abroad), digits=7, cues=("+", "00")),
    Recognizer("PHONE_NUMBER", _TRUNK, 0.75, "numbering plan (GB, IE, DE, FR)", _in_front(_trunk), digits=7, cues=("0",)),
    Recognizer("PHONE_NUMBER", _AMERICAN, 0.75, "numbering plan (US, CA)", whole(_american), digits=10),
    Recognizer("PHONE_NUMBER", _BARE, 0.7, "numbering plan (US, CA); words near it", whole(_american), _WORDS, bare=0.2, digits=10),
)
