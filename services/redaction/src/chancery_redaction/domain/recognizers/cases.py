"""Numbers of the law: cases and dockets, ECLI, matters, references of clients."""

import re

from chancery_redaction.domain.recognizers.recognizer import Recognizer, words

_COURTS = (
    r"UKSC|UKPC|UKHL|EWCA (?:Civ|Crim)|EWHC|EWFC|EWCOP|EWCC|UKUT|UKFTT|UKEAT|EAT|CAT"
    r"|CSIH|CSOH|HCJAC|SC [A-Z]{3}|NICA|NIQB|NIKB|NICh|IESC|IECA|IEHC"
)
_NEUTRAL = re.compile(rf"\[(?:19|20)\d{{2}}\] (?:{_COURTS}) \d{{1,5}}(?: \([A-Z][A-Za-z]{{0,12}}\))?")
_STRASBOURG = re.compile(r"(?<![\w/.,-])\d{2,5}/\d{2}(?![\w/]|[.,]\d)")
_NUMBER_WORDS = words("no\\.", "nos\\.", "no", "nos", "numbers?", "applications?", "requête", "case", "beschwerde")
_DOCKET = re.compile(
    r"(?<![\w:-])(?:\d{1,2}:)?\d{2}-(?:cv|cr|mc|md|mj|bk|ap|po|civ|crim|misc)-"
    r"\d{2,6}(?:-[A-Z]{2,5}){0,3}(?![\w-])",
    re.IGNORECASE,
)
_CASE = re.compile(
    r"(?i:\b(?:case|docket|claim|appeal|cause|civil action|index|petition|complaint|proceedings?)"
    r"(?: nos?\.?| numbers?| ref(?:erence)?\.?|:| #)"
    r"[: #]{0,3})(?P<value>[A-Z0-9][A-Z0-9./:-]{2,29})(?![\w/-])"
)
_LUXEMBOURG = re.compile(r"(?<![\w-])[CTF][-‑]\d{1,4}/\d{2}(?: (?:P|PPU|R|RENV)\b)?(?![\w/])")
_GERMAN = re.compile(
    r"(?<!\w)(?:(?:[IVX]{1,5}|\d{1,3}) )?(?:Z[RBA]|StR|ARs|BvR|BvL|BvF|BvE|AZR|ABR|[BS]?C|O|U|S|W|Ks|Ls|Ds|Js|Ca|Sa|Ta|K|L|A|B)"
    r"(?:\([A-Za-z]{1,6}\))? \d{1,6}/\d{2}(?![\w/])"
)
_GERMAN_STRONG = re.compile(r"(?<!\w)(?:(?:[IVX]{1,5}|\d{1,2}) (?:Z[RBA]|StR|AZR|ABR|BvR|BvL|BvF|BvE)) \d{1,5}/\d{2}(?![\w/])")
_GERMAN_WORDS = words("az", "az\\.", "aktenzeichen", "geschäftszeichen", "urteil vom", "beschluss vom")
_ECLI = re.compile(r"(?<![\w:])ECLI:[A-Z]{2}:[A-Z0-9.]{1,20}:[12]\d{3}:[A-Z0-9.]{1,40}", re.IGNORECASE)
_ANNOUNCED = r"(?: nos?\.?| numbers?| ref(?:erence)?\.?(?: no\.?)?| id| code)?[:#]?[ #]{0,3}(?:is )?"
_VALUE = r"(?P<value>[A-Z0-9][A-Z0-9./_-]{2,30})(?![\w/(-])"
_MATTER = re.compile(rf"(?i:\b(?:matter|file|dossier|mandate){_ANNOUNCED}){_VALUE}")
_WHOSE = r"client|customer|member(?:ship)?|policy|patient|employee|account holder"
_CLIENT = re.compile(
    rf"(?i:\b(?:(?:{_WHOSE}){_ANNOUNCED}|(?:our|your) ref(?:erence)?\.?(?: nos?\.?| numbers?)?:?[ #]{{0,3}}(?:is )?)){_VALUE}"
)


_SEC_FILE = re.compile(r"(?:0{0,2}[01]|33|333|811)-\d{2,6}(?:-\d{2})?")
"""Of a registrant with the SEC: public, and on every report."""


def _two_digits(value: str) -> bool:
    return sum(char.isdigit() for char in value) >= 2 and not re.fullmatch(r"[12]\d{3}|\d{1,3}[.,]\d{1,2}", value.rstrip("."))


def _reference(value: str) -> int:
    trimmed = value.rstrip("./:-_")
    return len(trimmed) if _two_digits(trimmed) and not _SEC_FILE.fullmatch(trimmed) else 0


RECOGNIZERS = (
    Recognizer("CASE_NUMBER", _NEUTRAL, 0.95, "court of a neutral citation", cues=("[",), digits=5),
    Recognizer("CASE_NUMBER", _STRASBOURG, 0.85, "shape; words near it", None, _NUMBER_WORDS, bare=0.2, digits=4, cues=("/",)),
    Recognizer("CASE_NUMBER", _DOCKET, 0.95, "kind of case (US federal)", digits=4, cues=("-",)),
    Recognizer("CASE_NUMBER", _CASE, 0.85, "words before it", _reference, digits=2,
               cues=("case", "docket", "claim", "appeal", "cause", "civil action", "index", "petition", "complaint", "proceeding")),
    Recognizer("CASE_NUMBER", _LUXEMBOURG, 0.9, "shape (Court of Justice)", digits=3, cues=("/",)),
    Recognizer("CASE_NUMBER", _GERMAN_STRONG, 0.9, "register of a federal court", digits=3, cues=("/",)),
    Recognizer("CASE_NUMBER", _GERMAN, 0.85, "register; words near it", None, _GERMAN_WORDS, digits=3, cues=("/",)),
    Recognizer("ECLI", _ECLI, 1.0, "shape (ECLI)", lambda value: len(value.rstrip(".")), cues=("ecli:",)),
    Recognizer("MATTER_NUMBER", _MATTER, 0.8, "words before it", _reference, digits=2, cues=("matter", "file", "dossier", "mandate")),
    Recognizer("CLIENT_REFERENCE", _CLIENT, 0.75, "words before it", _reference, digits=2,
               cues=("client", "customer", "member", "policy", "patient", "employee", "our", "your", "account holder")),
)  # fmt: skip
