"""Server-sent events and lines of JSON, cut at the bytes that end them. The exchange bounds how much comes."""

import re

from chancery_generation.adapters.providers.wire import Frame

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A carriage return at the very end may be half of an end of line."""


class _Lines:
    """Bytes in, whole lines out. Only CR and LF end a line: JSON may hold U+2028."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        held = self._pieces and self._pieces[-1].endswith(b"\r")
        self._pieces.append(chunk)
        if not held and b"\n" not in chunk and b"\r" not in chunk:
            return []
        lines = _LINE_END.split(b"".join(self._pieces))
        self._pieces = [lines.pop()]
        return lines


class ServerSentEvents:
    """WHATWG HTML §9.2.6. Comments, `id` and `retry` are of no use to a request that is never resumed."""

    media_type = "text/event-stream"

    def __init__(self) -> None:
        self._lines = _Lines()
        self._data: list[bytes] = []
        self._name = ""

    def feed(self, chunk: bytes) -> list[Frame]:
        """An event ends at an empty line; one that the stream leaves open is none."""
        return [frame for line in self._lines.feed(chunk) if (frame := self._line(line)) is not None]

    def _line(self, line: bytes) -> Frame | None:
        if not line:
            frame = Frame(b"\n".join(self._data), self._name) if self._data else None
            self._data, self._name = [], ""
            return frame
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        return None


class JsonLines:
    """One JSON document a line."""

    media_type = "application/x-ndjson"

    def __init__(self) -> None:
        self._lines = _Lines()

    def feed(self, chunk: bytes) -> list[Frame]:
        """Empty lines are nothing."""
        return [Frame(line) for line in self._lines.feed(chunk) if line.strip()]
