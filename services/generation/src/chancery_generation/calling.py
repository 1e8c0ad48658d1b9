"""One model call between its two entries in the journal of calls."""

import asyncio
from dataclasses import dataclass, replace

from chancery_contracts import AnyEvent, Retry
from chancery_contracts.base import VersionRef

from chancery_generation.domain.breaker import Ticket
from chancery_generation.domain.calls import Intent, ModelRequest, RecordedCall
from chancery_generation.domain.completion import CallResult, Completion
from chancery_generation.domain.structured import judged
from chancery_generation.errors import ModelIncomplete, NotAttested, Settled
from chancery_generation.ports import Ports

STORE_ATTEMPTS = 6
"""A result in hand is worth trying for: giving up means to pay for the same call again."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A call whose intent is stored."""

    call: RecordedCall
    request: ModelRequest
    ticket: Ticket
    began_s: float


class CallBook:
    """The calls for one event, kept in step with the journal. `journalled` False: for models that are free, local and deterministic."""

    def __init__(self, event: AnyEvent, ports: Ports, *, journalled: bool) -> None:
        self._event = event
        self._ports = ports
        self._journalled = journalled
        self._read = not journalled
        self.calls: list[RecordedCall] = []
        self.completion: Completion | None = None
        self.answered_in: int | None = None

    async def read(self) -> None:
        """Whatever is stored for this event: an earlier delivery may have been cut off, or another process be at work."""
        history = await self._ports.calls.history(self._event.id)
        self.calls, self.completion, self.answered_in = list(history.calls), history.completion, history.answered_in
        self._read = True

    async def read_if_unread(self) -> None:
        """For a run that made no call, and so never met the journal."""
        if not self._read:
            await self.read()

    def made(self, model: VersionRef) -> int:
        """How often this model was called for this event."""
        return sum(call.model == model for call in self.calls)

    async def begin(self, intent: Intent) -> RecordedCall | None:
        """Stores the intent. None where the journal held more than was known: it is known now, and to be looked at again.

        Raises Settled.
        """
        call = RecordedCall(
            len(self.calls) + 1, intent.model, why=intent.why, provider=intent.provider, provider_model=intent.provider_model,
            region=intent.region, route=intent.route,
        )  # fmt: skip
        if self._journalled and not await self._ports.calls.begin(self._event, call.ordinal, intent, self._ports.clock()):
            if await self._ports.calls.settled(self._event):
                raise Settled
            await self.read()
            return None
        self._read = True
        self.calls.append(call)
        return call

    async def finish(self, call: RecordedCall, result: CallResult) -> None:
        """Stores how it ended. Where another process has answered first, its answer is taken."""
        counts = await self._stored(call, result) if self._journalled else True
        self.calls[call.ordinal - 1] = call
        if result.completion is not None and counts:
            self.completion, self.answered_in = result.completion, call.ordinal
        elif result.completion is not None:
            await self.read()

    async def _stored(self, call: RecordedCall, result: CallResult) -> bool:
        ports = self._ports
        for attempt in range(1, STORE_ATTEMPTS):
            try:
                return await ports.calls.finish(self._event.id, call, result, ports.clock())
            except Retry:
                await ports.pacing.sleep(ports.backoff.wait_s(attempt, 1.0, None))
        return await ports.calls.finish(self._event.id, call, result, ports.clock())


class Caller:
    """Calls models for one event."""

    def __init__(self, book: CallBook, ports: Ports) -> None:
        self._book = book
        self._ports = ports
        self.trouble: str | None = None
        """What the last model's entry lacked, in words."""

    async def begin(self, request: ModelRequest, intent: Intent, ticket: Ticket) -> Begun | None:
        """None where the journal held more than was known; the ticket is given back then."""
        call = None
        try:
            call = await self._book.begin(intent)
        finally:
            if call is None:
                self._ports.standings.of(request.model).breaker.leave(ticket, "unknown", self._ports.pacing.monotonic_s())
        return None if call is None else Begun(call, request, ticket, self._ports.pacing.monotonic_s())

    async def ask(self, begun: Begun, limit_s: float) -> CallResult:
        """The network's part alone: may be cancelled, writes nothing."""
        result = CallResult("unknown")
        try:
            called = await self._ports.models[begun.request.model.provider].call(begun.request, limit_s)
            result = judged(called, begun.request.prompt.output_schema)
        except (ModelIncomplete, NotAttested) as exc:
            self.trouble = str(exc)
            result = CallResult("rejected")
        finally:
            now_s = self._ports.pacing.monotonic_s()
            self._ports.standings.of(begun.request.model).ended(begun.ticket, result.outcome, now_s, now_s - begun.began_s)
        return result

    def start(self, begun: Begun, limit_s: float) -> "asyncio.Task[CallResult]":
        """`ask` beside others. One that is cancelled before its first step gives its ticket back all the same."""
        task = asyncio.ensure_future(self.ask(begun, limit_s))
        breaker, pacing = self._ports.standings.of(begun.request.model).breaker, self._ports.pacing
        task.add_done_callback(lambda _: breaker.leave(begun.ticket, "unknown", pacing.monotonic_s()))
        return task

    async def end(self, begun: Begun, result: CallResult, *, superseded: bool = False) -> None:
        """Into the journal. A superseded call's answer is not kept; its tokens are."""
        seconds = self._ports.pacing.monotonic_s() - begun.began_s
        self._ports.meter.called(begun.request.model.provider_name, result.outcome, seconds)
        call = replace(
            begun.call, outcome=result.outcome, latency_ms=round(seconds * 1000), status=result.status, usage=result.usage,
            raw_usage=result.raw_usage, superseded=superseded,
        )  # fmt: skip
        await self._book.finish(call, replace(result, completion=None) if superseded else result)
