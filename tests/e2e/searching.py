"""Finds any of thousands of needles in any bytes: one pass that looks at eight bytes from every offset on, and asks a table about them.

A datum may have been written in other ways than it came: each has its needles. Case does not count, nor do spaces, dashes and dots.
"""

import base64
import json
from collections import defaultdict
from urllib.parse import quote, quote_plus

import numpy

_BITS = 22
_MULTIPLIER = numpy.uint64(0x9E3779B97F4A7C15)
_SEPARATORS = b" -.,/\t\r\n\xa0"
_SHORTEST = 9
"""Of a needle: what is shorter stands somewhere by chance."""


def written(value: str) -> dict[str, set[bytes]]:
    """A datum by the ways to write it, each as bytes."""
    spellings = {value, value.lower(), value.upper(), value.title()}
    texts = (
        spellings
        | {json.dumps(one)[1:-1] for one in spellings}
        | {quote(one) for one in spellings}
        | {quote_plus(one) for one in spellings}
    )
    plain = {text.encode() for text in texts}
    return {
        "text": plain,
        "utf-16": {text.encode(codec) for text in spellings for codec in ("utf-16-le", "utf-16-be")},
        "hex": {text.encode().hex().encode() for text in spellings},
        "base64": {part for text in spellings for part in _in_base64(text.encode())},
        "compact": {compact for text in spellings if len(compact := text.encode().translate(None, _SEPARATORS)) >= _SHORTEST},
    }


def _in_base64(text: bytes):
    """What stands in the base64 of anything that the text is in, wherever it begins: by the place of its first byte among three."""
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * shift + text)
            yield whole[-(-shift * 8 // 6) : len(whole) // 4 * 4 - (4 if (len(text) + shift) % 3 else 0)]


class Searcher:
    """Over all ways of all values."""

    def __init__(self, values):
        self._by_start = defaultdict(set)
        for value in values:
            for way, needles in written(value).items():
                for needle in needles:
                    if len(needle) >= 8:
                        self._by_start[needle[:8].lower()].add((needle.lower(), value, way))
        self._table = numpy.zeros(1 << _BITS, dtype=bool)
        self._table[self._slots(numpy.frombuffer(b"".join(self._by_start), dtype="<u8"))] = True

    def find(self, content: bytes) -> set[tuple[str, str]]:
        """(value, way) of what stands in there."""
        lowered = content.lower()
        return self._find(lowered) | self._find(lowered.translate(None, _SEPARATORS))

    def _find(self, content):
        found = set()
        for shift in range(8):
            words = (
                numpy.frombuffer(content, dtype="<u8", offset=shift, count=max(0, (len(content) - shift) // 8))
                if len(content) > shift
                else ()
            )
            if len(words):
                for at in numpy.flatnonzero(self._table[self._slots(words)]):
                    start = int(at) * 8 + shift
                    for needle, value, way in self._by_start.get(content[start : start + 8], ()):
                        if content.startswith(needle, start):
                            found.add((value, way))
        return found

    def _slots(self, words):
        with numpy.errstate(over="ignore"):
            return (words * _MULTIPLIER) >> numpy.uint64(64 - _BITS)
