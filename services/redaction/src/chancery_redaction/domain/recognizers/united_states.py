"""United States: SSN, ITIN, EIN, the SEC's CIK, driving licences, account numbers."""

import re

from chancery_redaction.domain.recognizers.checksums import compact
from chancery_redaction.domain.recognizers.recognizer import Recognizer, whole, words

_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
_SSN_BARE = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}(?![\w-]|[.,]\d)")
_SSN_WORDS = words("ssn", "ssns", "ss#", "social security", "social sec", "soc sec", "tax id", "taxpayer", "tin")
_ITIN = re.compile(r"(?<![\w-])9\d{2}([- ]?)(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\1\d{4}(?![\w-]|[.,]\d)")
_ITIN_WORDS = words("itin", "individual taxpayer", "tax id", "taxpayer", "tin")
_EIN = re.compile(r"(?<![\w-])(?!0[0789]|1[789]|28|29|49|69|70|78|79|89|9[67])\d{2}-?\d{7}(?![\w-]|[.,]\d)")
_EIN_WORDS = words("ein", "eins", "employer id", "employer identification", "fein", "federal tax", "tax id", "irs", "i.r.s.", "tin")
_CIK = re.compile(r"(?i:\bCIK\b|\bcentral index key\b)[^\n\d]{0,20}(?P<value>\d{6,10})(?!\d)")
_LICENCE = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}\d{5,14}|[A-Z]\d{3}-\d{3,4}-\d{2,4}(?:-\d{2,4}){0,2}|[A-Z]\d{2,3}[ -]\d{2,3}[ -]\d{2,4}|\d{7,10})(?![\w-])"
)
_LICENCE_WORDS = words("driver'?s? licen[cs]es?", "drivers? licen[cs]es?", "driver’s licen[cs]e", "driving licen[cs]e", "licen[cs]e number",
                       "licen[cs]e no", "dmv", "dl", "dl#", "dl no", "driver lic")  # fmt: skip


def _ssn_issued(value: str) -> bool:
    """Not the numbers that were printed on sample cards and in advertisements."""
    return compact(value) not in ("078051120", "219099999", "457555462") and len(set(compact(value))) > 1


RECOGNIZERS = (
    Recognizer("US_SSN", _SSN, 0.9, "ranges that are issued", whole(_ssn_issued), digits=9),
    Recognizer("US_SSN", _SSN_BARE, 0.85, "ranges; words near it", whole(_ssn_issued), _SSN_WORDS, bare=0.05, digits=9),
    Recognizer("US_ITIN", _ITIN, 0.9, "ranges that are issued; words near it", None, _ITIN_WORDS, bare=0.3, digits=9),
    Recognizer("US_EIN", _EIN, 0.85, "prefixes that are issued; words near it", None, _EIN_WORDS, bare=0.2, digits=9),
    Recognizer("US_CIK", _CIK, 0.9, "words before it", digits=6, cues=("cik", "central index key")),
    Recognizer("US_DRIVER_LICENSE", _LICENCE, 0.75, "shape of a state; words near it", None, _LICENCE_WORDS, digits=5,
               cues=("licens", "licenc", "dmv", "dl", "driver")),
)  # fmt: skip
