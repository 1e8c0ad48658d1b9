"""`application/vnd.amazon.eventstream`: AWS's binary framing of events, with its two checksums."""

import struct
import zlib

from chancery_generation.adapters.providers.wire import Frame, Unreadable

_PRELUDE = struct.Struct("!III")
"""Length of the message, length of its headers, CRC32 of these eight bytes."""
_CRC = struct.Struct("!I")
LONGEST = 16 * 1024 * 1024
_STRING = 7
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; types 6 and 7 say their length themselves."""


class EventStream:
    """Headers `:event-type` or `:exception-type` name an event."""

    media_type = "application/vnd.amazon.eventstream"

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[Frame]:
        """Raises Unreadable where a checksum does not hold."""
        self._buffer += chunk
        frames: list[Frame] = []
        while (length := self._length()) is not None and len(self._buffer) >= length:
            frames.append(_frame(bytes(self._buffer[:length])))
            del self._buffer[:length]
        return frames

    def _length(self) -> int | None:
        if len(self._buffer) < _PRELUDE.size:
            return None
        length, headers, checksum = _PRELUDE.unpack_from(self._buffer)
        if checksum != zlib.crc32(self._buffer[:8]) or not 16 + headers <= length <= LONGEST:
            raise Unreadable
        return int(length)


def _frame(message: bytes) -> Frame:
    if _CRC.unpack(message[-4:])[0] != zlib.crc32(message[:-4]):
        raise Unreadable
    end = _PRELUDE.size + _PRELUDE.unpack_from(message)[1]
    headers = _headers(message[_PRELUDE.size : end])
    failed = headers.get(":message-type") in ("exception", "error")
    name = headers.get(":exception-type") or headers.get(":error-code") if failed else headers.get(":event-type")
    return Frame(message[end:-4], name or "", failed)


def _headers(block: bytes) -> dict[str, str]:
    """Those that are strings."""
    found: dict[str, str] = {}
    position = 0
    try:
        while position < len(block):
            name_end = position + 1 + block[position]
            name, kind = block[position + 1 : name_end].decode(), block[name_end]
            start, size = name_end + 1, _SIZES.get(kind)
            if size is None:
                size, start = int.from_bytes(block[start : start + 2], "big"), start + 2
            if kind == _STRING:
                found[name] = block[start : start + size].decode()
            position = start + size
    except (IndexError, UnicodeDecodeError) as exc:
        raise Unreadable from exc
    if position != len(block):
        raise Unreadable
    return found
