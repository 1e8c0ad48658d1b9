"""Sends a reply over ASGI, well or with a fault."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import Receive, Send

HANG_S = 3600.0
SLOW_BYTES = 64
HUGE = (b" " * 65_536, 0.0)


class Gone(Exception):
    """The caller has gone away."""


@dataclass
class Line:
    """The way back to one caller."""

    send: Send
    receive: Receive
    pause_s: float
    status: int = 0

    async def start(self, status: int, media_type: str, headers: dict[str, str] | None = None) -> None:
        """Status and headers."""
        self.status = status
        pairs = {"content-type": media_type, **(headers or {})}
        raw = [(name.encode(), value.encode()) for name, value in pairs.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def more(self, content: bytes) -> None:
        """A piece."""
        await self.send({"type": "http.response.body", "body": content, "more_body": True})

    async def end(self, content: bytes = b"") -> None:
        """The last piece."""
        await self.send({"type": "http.response.body", "body": content})

    async def wait(self, seconds: float) -> None:
        """Does nothing for so long. Raises Gone as soon as the caller goes."""
        try:
            await asyncio.wait_for(self.receive(), seconds)
        except TimeoutError:
            return
        raise Gone

    async def whole(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        """JSON at once."""
        body = json.dumps(document, ensure_ascii=False).encode()
        await self.start(status, "application/json", {"content-length": str(len(body)), **(headers or {})})
        await self.end(body)


async def send_whole(line: Line, body: bytes, fault: str | None) -> None:
    """A reply at once."""
    if fault in ("cut_body", "silent"):
        await line.start(200, "application/json", {"content-length": str(len(body))})
        await (line.wait(HANG_S) if fault == "silent" else _cut(line, body[: len(body) // 2]))
        return
    await line.start(200, "application/json", {} if fault in ("slow_bytes", "dribble", "huge") else {"content-length": str(len(body))})
    if fault == "slow_bytes":
        await _slowly(line, body)
    elif fault in ("dribble", "huge"):
        await _forever(line, *((b" ", line.pause_s) if fault == "dribble" else HUGE))
    await line.end(b"" if fault == "slow_bytes" else body)


async def send_stream(line: Line, events: Sequence[bytes], media_type: str, fault: str | None) -> None:
    """A reply piece by piece."""
    await line.start(200, media_type)
    if fault == "silent":
        await line.more(events[0])
        await line.wait(HANG_S)
    elif fault == "cut_body":
        await _cut(line, b"".join(events[: len(events) // 2 or 1]))
    elif fault == "slow_bytes":
        await _slowly(line, b"".join(events))
    elif fault in ("dribble", "huge"):
        await _forever(line, *((events[0], line.pause_s) if fault == "dribble" else HUGE))
    else:
        for one in events:
            await line.more(one)
    await line.end()


async def _cut(line: Line, content: bytes) -> None:
    await line.more(content)
    raise ConnectionResetError("the simulator cuts this body on purpose")


async def _slowly(line: Line, body: bytes) -> None:
    for start in range(0, len(body), SLOW_BYTES):
        await line.more(body[start : start + SLOW_BYTES])
        await line.wait(line.pause_s)


async def _forever(line: Line, piece: bytes, pause_s: float) -> None:
    """Until the caller has gone."""
    while True:
        await line.more(piece)
        await line.wait(pause_s)
