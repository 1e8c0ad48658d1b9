"""Asks models in their order, under one deadline, until one answers: retries, fallbacks, a second call where the first is silent."""

import asyncio
from dataclasses import dataclass

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ModelBody
from chancery_contracts.interactions import AttestationEvidence, RouteDecision

from chancery_generation.calling import Begun, CallBook, Caller, first_answer
from chancery_generation.domain.breaker import Ticket
from chancery_generation.domain.calls import Intent, RecordedCall, Why
from chancery_generation.domain.completion import CallResult, Completion
from chancery_generation.domain.retrying import AGAIN, attempts_left, share_s
from chancery_generation.domain.routing import Chosen, Route, attested
from chancery_generation.domain.work import Fitted, Work, fit, request_of
from chancery_generation.errors import NotAttested
from chancery_generation.ports import Ports

LEAST_TIME_S = 0.05
"""A call that has less time than this left is not begun."""
CIRCUIT_OPEN = "its circuit is open"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: every call, the record of the decision, the answer if there is one, and what the last entry asked lacked."""

    calls: tuple[RecordedCall, ...]
    decision: RouteDecision
    given: "Given | None" = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """An answer, and the call that it came from."""

    fitted: Fitted
    completion: Completion
    call: RecordedCall


class Asking:
    """One run over the models of one event."""

    def __init__(self, work: Work, route: Route, ports: Ports) -> None:
        self._work, self._route, self._ports = work, route, ports
        self._policy = work.use_case.routing
        local = len(route.decision.candidates) == 1 and all(one.model.provider == "extractive" for one in route.chosen)
        self._book = CallBook(work.event.id, ports, journalled=not local)
        self._caller = Caller(self._book, ports)
        first_s = route.chosen[0].model.timeout_s if route.chosen else 0.0
        self._deadline_s = ports.pacing.monotonic_s() + (self._policy.deadline_s or first_s)
        self._made: dict[VersionRef, int] = {}
        self._notes: dict[VersionRef, str] = {}
        self._evidence: dict[VersionRef, AttestationEvidence] = {}
        self._hedged = self._over = False

    async def run(self) -> Asked:
        """Ends with an answer, or when no model may be asked again in time. Raises PromptError."""
        while not self._over and not await self._pass_through() and await self._circuit_closes():
            pass
        await self._book.read_if_unread()
        return self._asked()

    async def _pass_through(self) -> bool:
        """Each model in turn; whether any was asked, or an answer is there."""
        before = len(self._book.calls)
        for position in range(len(self._route.chosen)):
            await self._ask(position)
            if self._over:
                break
        return self._over or len(self._book.calls) > before

    async def _circuit_closes(self) -> bool:
        """Waits until an endpoint may be tried again; False where none will be in time."""
        pacing, standings = self._ports.pacing, self._ports.standings
        now_s = pacing.monotonic_s()
        blocked = [one.model for one in self._route.chosen if self._notes.get(one.ref) == CIRCUIT_OPEN]
        waits = [standings.of(model).breaker.wait_s(now_s) for model in blocked]
        wait_s = max(min(waits, default=0.0), LEAST_TIME_S) + self._ports.backoff.first_s * pacing.draw()
        if not blocked or now_s + wait_s + LEAST_TIME_S >= self._deadline_s:
            return False
        await pacing.sleep(wait_s)
        return True

    async def _ask(self, position: int) -> None:
        """All attempts of one model, within its share of the time that is left."""
        chosen, pacing = self._route.chosen[position], self._ports.pacing
        fitted = fit(self._work, chosen.ref, chosen.model)
        if not await self._proved(chosen):
            return
        window_s = pacing.monotonic_s() + share_s(self._deadline_s - pacing.monotonic_s(), len(self._route.chosen) - position)
        failures = 0
        while self._left(chosen) and not self._over and pacing.monotonic_s() + LEAST_TIME_S < self._deadline_s:
            ticket = self._enter(chosen)
            if ticket is None:
                return
            result = await self._attempt(position, fitted, ticket, window_s)
            self._over = self._over or self._book.completion is not None
            if result is None:
                continue
            if result.outcome not in AGAIN:
                # What a provider's own filter refused (status 200) is not carried to another.
                self._over = self._over or (result.outcome == "rejected" and result.status == 200)
                return
            failures += 1
            wait_s = self._ports.backoff.wait_s(failures, pacing.draw(), result.retry_after_s)
            if pacing.monotonic_s() + wait_s + LEAST_TIME_S >= window_s:
                return
            await pacing.sleep(wait_s)

    def _left(self, chosen: Chosen) -> int:
        made = self._made.get(chosen.ref, 0)
        return attempts_left(chosen.model.max_attempts, self._book.made(chosen.ref) - made) - made

    def _enter(self, chosen: Chosen) -> Ticket | None:
        ticket = self._ports.standings.of(chosen.model).breaker.enter(self._ports.pacing.monotonic_s())
        if ticket is None:
            self._notes[chosen.ref] = CIRCUIT_OPEN
        else:
            self._notes.pop(chosen.ref, None)
        return ticket

    async def _proved(self, chosen: Chosen) -> bool:
        """Whether this model may have the text; where it must prove that, it is asked to."""
        if not chosen.attest or chosen.ref in self._evidence:
            return True
        assert self._ports.attestor is not None, "the decision allows no such model without one"
        try:
            left_s = self._deadline_s - self._ports.pacing.monotonic_s()
            self._evidence[chosen.ref] = await self._ports.attestor.attest(chosen.model, left_s)
        except NotAttested as exc:
            self._notes[chosen.ref] = f"its attestation did not hold: {exc}"
            self._ports.meter.passed_over("attestation")
            return False
        return True

    async def _attempt(self, position: int, fitted: Fitted, ticket: Ticket, window_s: float) -> CallResult | None:
        """One call, or two at once. None where the journal held more than was known."""
        begun = await self._begin(fitted, self._why(position), ticket)
        if begun is None:
            return None
        limit_s = min(fitted.model.timeout_s, window_s - self._ports.pacing.monotonic_s())
        rival = self._rival(position)
        if rival is not None:
            return await self._race(begun, limit_s, rival)
        result = await self._caller.ask(begun, limit_s)
        await self._end(begun, result)
        return result

    def _why(self, position: int) -> Why:
        if self._book.made(self._route.chosen[position].ref):
            return "again"
        return "fallback" if position or self._book.calls else "first"

    async def _begin(self, fitted: Fitted, why: Why, ticket: Ticket) -> Begun | None:
        model = fitted.model
        intent = Intent(
            fitted.ref, why, model.provider_name, model.provider_model, model.region, self._decision(fitted.ref).model_dump_json()
        )  # fmt: skip
        evidence = self._evidence.get(fitted.ref)
        request = request_of(self._work, fitted, evidence.channel_key_sha256 if evidence else None)
        begun = await self._caller.begin(request, intent, ticket)
        if begun is not None:
            self._made[fitted.ref] = self._made.get(fitted.ref, 0) + 1
        return begun

    async def _end(self, begun: Begun, result: CallResult, *, superseded: bool = False) -> None:
        await self._caller.end(begun, result, superseded=superseded)
        if result.outcome == "rejected" and result.status is None and self._caller.trouble:
            self._notes[begun.call.model] = self._caller.trouble

    def _rival(self, position: int) -> Chosen | None:
        """The next model that could be asked at once, if the use case wants a second one; once in a run."""
        if self._policy.hedge_after_s is None or self._hedged:
            return None
        now_s = self._ports.pacing.monotonic_s()
        return next(
            (
                one
                for one in self._route.chosen[position + 1 :]
                if self._left(one)
                and (not one.attest or one.ref in self._evidence)
                and self._ports.standings.of(one.model).breaker.admits(now_s)
            ),
            None,
        )

    async def _race(self, begun: Begun, limit_s: float, rival: Chosen) -> CallResult:
        """Asks a rival where the first is silent for too long. The first answer wins, the other call is given up."""
        running = [(begun, asyncio.ensure_future(self._caller.ask(begun, limit_s)))]
        try:
            if not await self._silent(running[0][1]) and (second := await self._second(rival)) is not None:
                left_s = min(rival.model.timeout_s, self._deadline_s - self._ports.pacing.monotonic_s())
                running.append((second, asyncio.ensure_future(self._caller.ask(second, left_s))))
            winner = await first_answer([task for _, task in running])
        finally:
            for _, task in running:
                task.cancel()
        return await self._settle(running, winner)

    async def _silent(self, first: "asyncio.Task[CallResult]") -> bool:
        """Whether the first has ended before a rival is due."""
        assert self._policy.hedge_after_s is not None
        timer = asyncio.ensure_future(self._ports.pacing.sleep(self._policy.hedge_after_s))
        try:
            await asyncio.wait({first, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return first.done()

    async def _second(self, rival: Chosen) -> Begun | None:
        self._hedged = True
        ticket = self._enter(rival)
        return None if ticket is None else await self._begin(fit(self._work, rival.ref, rival.model), "hedge", ticket)

    async def _settle(self, running: list[tuple[Begun, "asyncio.Task[CallResult]"]], winner: int | None) -> CallResult:
        """Every call into the journal, the answer first."""
        await asyncio.wait([task for _, task in running])
        results = [CallResult("unknown") if task.cancelled() else task.result() for _, task in running]
        order = sorted(range(len(running)), key=lambda number: number != winner)
        for number in order:
            await self._end(running[number][0], results[number], superseded=winner is not None and number != winner)
        return results[order[0]]

    def _decision(self, ref: VersionRef | None) -> RouteDecision:
        route = self._route
        for noted, words in self._notes.items():
            route = Route(route.chosen, route.without(noted, words), route.obstacles)
        evidence = self._evidence.get(ref) if ref is not None else next(iter(self._evidence.values()), None)
        return route.decision if evidence is None else attested(route.decision, evidence)

    def _asked(self) -> Asked:
        book = self._book
        calls = tuple(book.calls)
        if book.completion is None or book.answered_in is None:
            return Asked(calls, self._decision(None), trouble=self._caller.trouble)
        answering = calls[book.answered_in - 1]
        fitted = fit(self._work, answering.model, self._body(answering.model))
        decision = self._decision(answering.model) if answering.route is None else RouteDecision.model_validate_json(answering.route)
        return Asked(calls, decision, Given(fitted, book.completion, answering))

    def _body(self, ref: VersionRef) -> ModelBody:
        """Of a model that was asked, by this run or an earlier one."""
        body = self._ports.catalogue.pinned(self._work.event.tenant, "model", ref, ModelBody)
        assert body is not None, "a model that was asked stays in the catalogue"
        return body
