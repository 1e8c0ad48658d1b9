"""Ways to reach somebody or his machine: e-mail, URL, IP and MAC addresses."""

import ipaddress
import re

from chancery_redaction.domain.recognizers.recognizer import Recognizer, whole, words

_EMAIL = re.compile(r"(?<![\w.%+-])\w[\w.%+'-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![^\W_])")
_URL = re.compile(r"(?<![\w@])(?:https?://|ftp://|www\.)[^\s<>\"'()\[\]{}|\\^`]{2,2000}", re.IGNORECASE)
_TOP = "com|org|net|gov|edu|info|biz|int|co|uk|eu|de|fr|ie|es|it|nl|be|ch|at|ca|us|au|io|example"
_DOMAIN = re.compile(
    rf"(?<![\w@./-])(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.){{1,4}}(?:{_TOP})(?![\w@-]|\.\w)(?:/[^\s<>\"'()]{{0,1000}})?"
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IP4 = re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?:/\d{{1,2}})?(?!\w|\.\d)")
_IP_WORDS = words(
    "ip", "ips", "ipv4", "address", "host", "server", "login", "logged in from", "source", "client", "subnet", "gateway", "dns"
)
_IP4_WIDE = re.compile(rf"(?<![\w.])(?=[\d.]{{0,11}}[12]\d\d)(?:{_OCTET}\.){{3}}{_OCTET}(?:/\d{{1,2}})?(?!\w|\.\d)")
_IP6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,38}(?:\.\d{1,3}){0,3}(?![\w:]|\.\d)")
_MAC = re.compile(
    r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])|(?<![\w.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w.])"
)


def _without_stop(value: str) -> int:
    """A sentence's punctuation is not the address's."""
    return len(value.rstrip(".,;:!?*_"))


def _ip6(value: str) -> bool:
    if value.count(":") < 2 or len(value) < 4:
        return False
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return True


RECOGNIZERS = (
    Recognizer("EMAIL_ADDRESS", _EMAIL, 1.0, "shape", cues=("@",)),
    Recognizer("URL", _URL, 0.9, "scheme or `www.`", _without_stop, cues=("://", "www.")),
    Recognizer("URL", _DOMAIN, 0.6, "known top-level domain", _without_stop, cues=(".",)),
    Recognizer("IP_ADDRESS", _IP4_WIDE, 0.9, "octets, one of them over 99", digits=4),
    Recognizer("IP_ADDRESS", _IP4, 0.9, "octets; words near it", None, _IP_WORDS, bare=0.3, digits=4),
    Recognizer("IP_ADDRESS", _IP6, 0.95, "RFC 4291", whole(_ip6), cues=(":",)),
    Recognizer("MAC_ADDRESS", _MAC, 0.95, "shape"),
)
