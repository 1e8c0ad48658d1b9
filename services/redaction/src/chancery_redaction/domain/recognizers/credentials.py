"""Secrets: keys of well-known services by their shape, private keys, and what stands after words that announce a secret."""

import math
import re
from collections import Counter

from chancery_redaction.domain.recognizers.recognizer import Recognizer

_RUN = r"(?<![\w-])"
_KNOWN = re.compile(
    rf"{_RUN}(?:(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{{16}}|AIza[\w-]{{35}}|gh[pousr]_[A-Za-z0-9]{{36,255}}|github_pat_\w{{50,120}}|glpat-[\w-]{{20,64}}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,250}|xapp-[A-Za-z0-9-]{10,250}|[rsp]k_(?:live|test)_[A-Za-z0-9]{16,250}|whsec_[A-Za-z0-9+/=]{20,100}"
    r"|sk-(?:ant-|proj-)?[\w-]{20,250}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,250}"
    r"|SG\.[\w-]{16,32}\.[\w-]{16,64}|ya29\.[\w-]{20,250}|hvs\.[\w-]{20,200}"
    r"|dop_v1_[a-f0-9]{64}|AC[a-f0-9]{32}|SK[a-f0-9]{32})(?![\w-])"
)
_JWT = re.compile(rf"{_RUN}eyJ[\w-]{{8,4000}}\.eyJ[\w-]{{4,8000}}\.[\w-]{{8,2000}}")
_PEM = re.compile(
    r"-----BEGIN (?:[A-Z]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\s{0,4}Proc-Type:[^\n]{0,80}\nDEK-Info:[^\n]{0,120}\n)?[^-]{1,16000}"
    r"(?:-----END (?:[A-Z]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?"
)
_AZURE = re.compile(r"(?i:\b(?:AccountKey|SharedAccessKey|sig)=)(?P<value>[A-Za-z0-9+/%]{40,120}={0,2})")
_IN_URL = re.compile(r"://[^\s/:@]{1,64}:(?P<value>[^\s/:@]{3,128})@")
_ANNOUNCED = re.compile(
    r"(?i:(?<![^\W_])(?:api[_ -]?keys?|secrets?|access[_ -]?keys?|(?:access|auth|refresh|bearer)[_ -]?tokens?|tokens?"
    r"|passwords?|passwd|passphrase|passcode"
    r"|pwd|bearer|client[_ -]?secret|private[_ -]?key)(?:[_ -](?:key|id|value))?)[\"']?(?: {0,3}(?::=|[:=]|is\b|was\b) {0,3}| )[\"'`]?"
    r"(?P<value>[^\s\"'`,;]{8,200})"
)
_CUES = ("key", "secret", "token", "passw", "passphrase", "passcode", "pwd", "bearer")


def _random(value: str) -> int:
    """As random as a secret: letters and digits or signs, and over 2.5 bits a character; our own pseudonyms are none."""
    trimmed = value.rstrip(".:!?)")
    kinds = [any(test(char) for char in trimmed) for test in (str.isdigit, str.islower, str.isupper, lambda char: not char.isalnum())]
    if len(trimmed) < 8 or trimmed.startswith(("<", "[", "{", "$")) or not kinds[0] or sum(kinds) < 2 or not _varied(trimmed):
        return 0
    return len(trimmed)


def _varied(value: str) -> bool:
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) > 2.5 and not re.fullmatch(r"[\d.,/:£$€%-]+", value)


RECOGNIZERS = (
    Recognizer("SECRET", _KNOWN, 1.0, "shape of the service's keys"),
    Recognizer("SECRET", _JWT, 1.0, "shape (RFC 7519)", cues=("eyj",)),
    Recognizer("SECRET", _PEM, 1.0, "shape (RFC 7468)", cues=("private key",)),
    Recognizer("SECRET", _AZURE, 0.95, "words before it", cues=("accountkey", "sharedaccesskey", "sig=")),
    Recognizer("SECRET", _IN_URL, 0.95, "place in a URL", cues=("://",)),
    Recognizer("SECRET", _ANNOUNCED, 0.85, "words before it; entropy", _random, cues=_CUES),
)
