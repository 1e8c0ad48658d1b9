"""One call over HTTP, whatever the wire: bounded in time, silence and size; no redirects, no retries, no compression."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

import httpx
from chancery_contracts.event import Clock

from chancery_generation.adapters.providers.untrusted import document
from chancery_generation.adapters.providers.wire import Fault, Outgoing, Unreadable, Wire
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import AttemptOutcome, CallResult
from chancery_generation.domain.replies import Draft, concluded
from chancery_generation.domain.retrying import outcome_of, retry_after_s

LONGEST_ERROR_BYTES = 65_536
ERROR_BODY_S = 2.0
DRAIN_S = 0.05
"""A stream's last event has come; its connection can be used again if the stream ends within this."""


@dataclass(frozen=True, slots=True)
class ExchangeLimits:
    """`idle_s`: how long a stream may be silent, before its first byte and between any two."""

    response_bytes: int = 4_194_304
    idle_s: float = 20.0


class HttpModel:
    """Port `Model` over one wire."""

    def __init__(self, client: httpx.AsyncClient, wire: Wire, clock: Clock, limits: ExchangeLimits) -> None:
        self._client = client
        self._wire = wire
        self._clock = clock
        self._limits = limits

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        """Raises MissingApiKey, MissingBaseUrl or MissingCredentials where the model's entry, or the environment, is incomplete."""
        exchange = _Exchange(self._wire, request, self._limits)
        outgoing = self._wire.outgoing(request)
        try:
            async with asyncio.timeout(max(0.0, time_left_s)):
                result = await self._exchange(outgoing, exchange)
        except TimeoutError:
            result = exchange.draft.result("timeout", exchange.status)
        return replace(result, first_byte_ms=exchange.first_byte_ms)

    async def _exchange(self, outgoing: Outgoing, exchange: "_Exchange") -> CallResult:
        headers = {**outgoing.headers, "Accept-Encoding": "identity"}
        try:
            sent = self._client.build_request("POST", outgoing.url, content=outgoing.body, headers=headers)
            async with asyncio.timeout(exchange.idle_s):
                response = await self._client.send(sent, stream=True, follow_redirects=False)
            try:
                return await self._received(response, exchange)
            finally:
                await response.aclose()
        except httpx.TimeoutException:
            return exchange.failed("timeout")
        except (httpx.RequestError, httpx.InvalidURL, httpx.StreamError):
            return exchange.failed("malformed")
        except Unreadable:
            return exchange.draft.result("malformed", exchange.status)
        except Fault as fault:
            return exchange.draft.result(fault.outcome, exchange.status)

    async def _received(self, response: httpx.Response, exchange: "_Exchange") -> CallResult:
        exchange.status = response.status_code
        if response.status_code != httpx.codes.OK:
            return await self._refused(response, exchange)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Unreadable
        await (exchange.stream(response) if exchange.streams else exchange.whole(response))
        return concluded(exchange.draft, exchange.request.prompt, response.status_code)

    async def _refused(self, response: httpx.Response, exchange: "_Exchange") -> CallResult:
        """The status counts, whether or not the words that explain it can be read."""
        status, wish = response.status_code, retry_after_s(response.headers.get("retry-after"), self._clock())
        try:
            async with asyncio.timeout(ERROR_BODY_S):
                outcome = self._wire.outcome(status, document(await exchange.content(response, LONGEST_ERROR_BYTES)))
        except (Unreadable, TimeoutError, httpx.RequestError):
            outcome = outcome_of(status)
        return CallResult(outcome, status=status, retry_after_s=wish)


class _Exchange:
    """The state of one call: what has come so far, and when."""

    def __init__(self, wire: Wire, request: ModelRequest, limits: ExchangeLimits) -> None:
        self.request = request
        self.draft = Draft()
        self.status: int | None = None
        self.first_byte_ms: int | None = None
        self.streams = request.model.stream
        self.idle_s = limits.idle_s if self.streams else None
        self._wire = wire
        self._limits = limits
        self._started = time.monotonic()

    def failed(self, begun: AttemptOutcome) -> CallResult:
        """Nobody is there, unless a response had begun."""
        return self.draft.result("unreachable" if self.status is None else begun, self.status)

    async def whole(self, response: httpx.Response) -> None:
        """Raises Unreadable, Fault."""
        self._wire.read(document(await self.content(response, self._limits.response_bytes)), self.draft)

    async def stream(self, response: httpx.Response) -> None:
        """Until its last event, or its end. Raises Unreadable, Fault."""
        framing = self._wire.framing()
        if framing.media_type not in response.headers.get("content-type", ""):
            raise Unreadable
        async with aclosing(self._chunks(response, self._limits.response_bytes)) as chunks:
            async for chunk in chunks:
                for frame in framing.feed(chunk):
                    self._wire.take(frame, self.draft)
                if self.draft.ended:
                    await _drained(chunks)
                    return

    async def content(self, response: httpx.Response, most: int) -> bytes:
        """The body. Raises Unreadable where it is larger."""
        return b"".join([chunk async for chunk in self._chunks(response, most)])

    async def _chunks(self, response: httpx.Response, most: int) -> AsyncGenerator[bytes]:
        chunks = response.aiter_raw()
        read = 0
        while True:
            async with asyncio.timeout(self.idle_s):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            if self.first_byte_ms is None:
                self.first_byte_ms = round((time.monotonic() - self._started) * 1000)
            read += len(chunk)
            if read > most:
                raise Unreadable
            yield chunk


async def _drained(chunks: AsyncIterator[bytes]) -> None:
    with suppress(TimeoutError, Unreadable, httpx.RequestError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                pass
