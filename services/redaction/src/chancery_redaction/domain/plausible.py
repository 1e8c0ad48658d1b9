"""Takes back what a model is known to get wrong: firms, acronyms, parts of identifiers and file names as persons; figures as telephones."""

import re

from chancery_redaction.domain.coreference import PARTICLES
from chancery_redaction.domain.spans import Span

_FIRM = re.compile(
    r"(?<!\w)(?P<first>[A-Z][\w'’-]{1,40})(?: (?:&|and|of|[A-Z][\w'’-]{0,40})){0,5},? "
    r"(?:Limited|Ltd|plc|PLC|LLP|LLC|Inc|Corp|Corporation|GmbH|AG|KG|SE|ASA|AS|AB|Oy|SpA|SAS|SARL|NV|BV|Bank|Holdings|Group|Partners|Trust|Fund)\b"
)
_AFTER = re.compile(
    r" (?:[A-Z&][\w'’-]{0,40} ){0,3}?(?:Limited|Ltd|plc|PLC|LLP|LLC|Inc|Corp|Corporation|GmbH|AG|ASA|AS|AB|NV|BV"
    r"|Bank|Holdings|Group|Partners)\b"
    r"|, (?:Limited|Ltd|plc|PLC|LLP|LLC|Inc|Corp|Corporation|GmbH)\b"
)
"""The rest of a firm's name. Behind a comma only its form: in `Ann Lee, Penrose Bank` a person works for one."""
_TITLE = re.compile(r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Lord|Lady|Dame|Judge|Justice|Herr|Frau)\.? $")
_ARTICLE = re.compile(r"(?<!\w)(?:the|a|an|our|this|that) $", re.IGNORECASE)
_NOT_NAMES = frozenset({"iban", "bic", "ssn", "nino", "isa", "pin", "faster", "chaps", "bacs", "meridian", "bank", "plc", "limited", "ltd"})
_GLUE = frozenset("-_/.@:\\=<>")
_LEAST_DIGITS = 5
_PLACES = frozenset({"POSTAL_ADDRESS", "LOCATION"})
_POST_CODE = re.compile(r"(?:zip|post ?code|postal|postcode|plz)\b(?:[^\w\n]+(?:code|is|was)){0,2}[^\w\n]*$", re.IGNORECASE)
_NEAR = 20
"""Characters between the pieces of one address."""
_LONGEST_ACRONYM = 5
"""Letters, where other words follow: `FCA Immingham`, but `DUPONT Marie`."""


def plausible(text: str, spans: list[Span]) -> list[Span]:
    """Those that may be what the model says."""
    firms = {match["first"] for match in _FIRM.finditer(text)} if any(one.entity_type == "PERSON" for one in spans) else set()
    likely = [one for one in spans if _may_be(text, one, firms)]
    places = [one for one in likely if one.entity_type in _PLACES and not _bare(text, one)]
    return [one for one in likely if not _bare(text, one) or any(_near(one, place) for place in places)]


def _may_be(text: str, span: Span, firms: set[str]) -> bool:
    value = text[span.start : span.end]
    if span.entity_type == "PERSON":
        return _person(value, text[max(0, span.start - 12) : span.start], text[span.end : span.end + 80], firms)
    if span.entity_type == "PHONE_NUMBER":
        return sum(char.isdigit() for char in value) >= _LEAST_DIGITS
    return True


def _bare(text: str, span: Span) -> bool:
    """A house's number, by itself: a figure like any other, unless an address is near, or a word says that it is a post code."""
    if span.entity_type != "POSTAL_ADDRESS":
        return False
    value = text[span.start : span.end]
    words = [word for word in re.findall(r"[^\W\d_]+", value) if len(word) > 2]
    alone = not words or (len(words) == 1 and (len(value) < 6 or not any(char.isdigit() for char in value)))
    return alone and _POST_CODE.search(text[max(0, span.start - 20) : span.start]) is None


def _near(one: Span, other: Span) -> bool:
    return one.start - other.end <= _NEAR and other.start - one.end <= _NEAR


def _person(value: str, before: str, after: str, firms: set[str]) -> bool:
    words = [word.strip(".,'’") for word in value.split()]
    if (
        not any(char.isalpha() for char in value)
        or any(char.isdigit() for char in value)
        or _NOT_NAMES & {word.casefold() for word in words}
    ):
        return False
    if _TITLE.search(before):
        return True
    if value.islower():
        return not _glued(before, after) and "-" not in value
    alone = len(words) == 1
    in_capitals = words[0].isalpha() and words[0].isupper() and len(words[0]) > 2
    surname_first = len(words[0]) > _LONGEST_ACRONYM or "," in value  # `SMITH, John`
    is_acronym = in_capitals and (alone or not (surname_first or words[-1].isupper()))
    is_firm = _AFTER.match(after) is not None or (alone and (words[0] in firms or _ARTICLE.search(before) is not None))
    begins_small = value[0].islower() and words[0] not in PARTICLES  # `van der Berg` is a surname
    return not (is_acronym or is_firm or begins_small)


def _glued(before: str, after: str) -> bool:
    """Part of a longer identifier."""
    return before[-1:] in _GLUE or (after[:1] in _GLUE and after[1:2].isalnum())
