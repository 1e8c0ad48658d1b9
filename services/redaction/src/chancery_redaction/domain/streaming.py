"""Restoring a stream: whatever its pieces, the same text as restoring it whole, and no part of a pseudonym ever goes out.

What could still become a known pseudonym is held back, and nothing else: the longest form of the longest known one bounds it.
"""

import codecs
import re
from bisect import bisect_left
from collections.abc import Mapping

from chancery_redaction.domain.mentions import BARE_AFTER, CLOSING, Mention, mentions, separated
from chancery_redaction.domain.restoring import written_in
from chancery_redaction.domain.spellings import Spelling, read_spelling

_BODY = re.compile(r"(?:[A-Za-z0-9]|\\{0,2}_|[ -])*")
_UNDECIDED = ("", ".", "\\", "\\\\")
"""What may follow a bare mention without yet telling whether it is one."""
_OPENINGS = ("", *CLOSING)
_CLOSINGS = tuple({closing for closing, _ in CLOSING.values()})


class StreamRestorer:
    """Takes text or UTF-8 bytes as they come. `json`: the whole stream is JSON, so that values are written as in its strings."""

    def __init__(self, values: Mapping[str, str], *, json: bool = False) -> None:
        self._values = {token: read_spelling(value) for token, value in values.items()}
        self._cores = sorted(token[1:-1] for token in values)
        self._depth = int(json)
        self._numbers = json and any(one.kind == "number" for one in self._values.values())
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._sent = ""
        self._held = ""

    def feed(self, piece: str | bytes) -> str:
        """What is certain by now."""
        return self._advance(self._decoder.decode(piece) if isinstance(piece, bytes) else piece, final=False)

    def finish(self) -> str:
        """The rest. The stream has ended."""
        return self._advance(self._decoder.decode(b"", final=True), final=True)

    @property
    def held(self) -> int:
        """How many characters are held back."""
        return len(self._held)

    def _advance(self, piece: str, *, final: bool) -> str:
        text = self._sent + self._held + piece
        out: list[str] = []
        position = len(self._sent)
        for one in mentions(text, self._values, position):
            start, end, written = self._place(text, one)
            if not final and self._open(text, position, start + 1) is not None:
                break
            if not final and self._numbers and end == one.end == len(text):
                break
            out += [text[position:start], written]
            position = end
        stop = len(text) if final else self._open(text, position, len(text))
        stop = len(text) if stop is None else stop
        out.append(text[position:stop])
        # One character of what went out is kept: it tells whether a word begins after it.
        self._sent, self._held = text[max(stop - 1, 0) : stop], text[stop:]
        return "".join(out)

    def _place(self, text: str, one: Mention) -> tuple[int, int, str]:
        spelling: Spelling = self._values[one.token]
        if self._depth and spelling.kind == "number" and text[one.start - 1 : one.start] == '"' == text[one.end : one.end + 1]:
            return one.start - 1, one.end + 1, spelling.raw
        return one.start, one.end, written_in(one.form, spelling, self._depth)

    def _open(self, text: str, since: int, until: int) -> int | None:
        """The first place from which the text's rest may become a mention, or be no mention after all."""
        return next((at for at in range(since, until) if self._may_begin(text, at)), None)

    def _may_begin(self, text: str, at: int) -> bool:
        if self._numbers and text[at] == '"' and (at + 1 == len(text) or self._may_begin(text, at + 1) or self._ends_quoted(text, at + 1)):
            return True
        rest = text[at:].lower()
        return any(
            opening.startswith(rest) or (rest.startswith(opening) and self._may_go_on(text, at, opening)) for opening in _OPENINGS
        )  # fmt: skip

    def _may_go_on(self, text: str, at: int, opening: str) -> bool:
        """Whether what comes after the bracket is the beginning of a known token, and only that."""
        if not opening and not BARE_AFTER.match(text, at):
            return False
        rest = text[at + len(opening) :]
        body = _BODY.match(rest)
        assert body is not None
        core, rest = separated(body[0], fenced=bool(opening)), rest[body.end() :]
        if rest.strip("\\") == "" and len(rest) <= 2 and self._begins(core):
            return core != "" or bool(opening)
        if core not in self._cores:
            return False
        return rest in _UNDECIDED if not opening else any(one != rest.lower() and one.startswith(rest.lower()) for one in _CLOSINGS)

    def _ends_quoted(self, text: str, at: int) -> bool:
        """A number's token that only lacks its closing quotation mark."""
        return any(one.start == at and one.end == len(text) for one in mentions(text, self._values, at))

    def _begins(self, core: str) -> bool:
        at = bisect_left(self._cores, core)
        return at < len(self._cores) and self._cores[at].startswith(core)
