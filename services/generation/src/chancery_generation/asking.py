"""Asks models in their order, under one deadline, until one answers: retries, fallbacks, a second call where the first is silent."""

from chancery_generation.attempting import Asked, Attempts
from chancery_generation.calling import Begun
from chancery_generation.domain.breaker import Ticket
from chancery_generation.domain.completion import CallResult
from chancery_generation.domain.retrying import AGAIN, share_s
from chancery_generation.domain.routing import Chosen, Route
from chancery_generation.domain.work import Work
from chancery_generation.ports import Ports
from chancery_generation.racing import Running, race

LEAST_TIME_S = 0.05
"""A call that has less time than this left is not begun."""


class Asking:
    """One run over the models of one event."""

    def __init__(self, work: Work, route: Route, ports: Ports) -> None:
        self._ports, self._chosen = ports, route.chosen
        self._policy = work.use_case.routing
        self._attempts = Attempts(work, route, ports)
        first_s = route.chosen[0].model.timeout_s if route.chosen else 0.0
        self._deadline_s = ports.pacing.monotonic_s() + (self._policy.deadline_s or first_s)
        self._hedged = self._over = False

    async def run(self) -> Asked:
        """Ends with an answer, or when no model may be asked again in time. Raises PromptError, and Settled."""
        while not self._over and not await self._pass_through() and await self._circuit_closes():
            pass
        await self._attempts.book.read_if_unread()
        return self._attempts.asked()

    async def _pass_through(self) -> bool:
        """Each model in turn; whether any was asked, or an answer is there."""
        before = len(self._attempts.book.calls)
        for position in range(len(self._chosen)):
            await self._ask(position)
            if self._over:
                break
        return self._over or len(self._attempts.book.calls) > before

    async def _circuit_closes(self) -> bool:
        """Waits until an endpoint may be tried again; False where none will be in time."""
        pacing, standings = self._ports.pacing, self._ports.standings
        now_s = pacing.monotonic_s()
        waits = [standings.of(one.model).breaker.wait_s(now_s) for one in self._attempts.blocked()]
        wait_s = max(min(waits, default=0.0), LEAST_TIME_S) + self._ports.backoff.first_s * pacing.draw()
        if not waits or now_s + wait_s + LEAST_TIME_S >= self._deadline_s:
            return False
        await pacing.sleep(wait_s)
        return True

    async def _ask(self, position: int) -> None:
        """All attempts of one model, within its share of the time that is left."""
        chosen, pacing = self._chosen[position], self._ports.pacing
        if not await self._attempts.proved(chosen, self._left_s()):
            return
        window_s = pacing.monotonic_s() + share_s(self._left_s(), len(self._chosen) - position)
        failures = 0
        while self._attempts.left(chosen) > 0 and not self._over and self._left_s() > LEAST_TIME_S:
            ticket = self._attempts.enter(chosen)
            if ticket is None:
                return
            result = await self._attempt(position, ticket, window_s)
            if result is None or self._ends(result):
                continue
            if result.outcome not in AGAIN:
                return
            failures += 1
            wait_s = self._ports.backoff.wait_s(failures, pacing.draw(), result.retry_after_s)
            if pacing.monotonic_s() + wait_s + LEAST_TIME_S >= window_s:
                return
            await pacing.sleep(wait_s)

    def _ends(self, result: CallResult) -> bool:
        """Whether it is over: answered, or refused by a provider's own filter (status 200), which is not carried to another."""
        filtered = result.outcome == "rejected" and result.status == 200
        self._over = self._over or filtered or self._attempts.book.completion is not None
        return self._over

    async def _attempt(self, position: int, ticket: Ticket, window_s: float) -> CallResult | None:
        """One call, or two at once. None where the journal held more than was known."""
        chosen, attempts = self._chosen[position], self._attempts
        begun = await attempts.begin(chosen, attempts.why(position), ticket)
        if begun is None:
            self._over = attempts.book.completion is not None
            return None
        limit_s = min(chosen.model.timeout_s, window_s - self._ports.pacing.monotonic_s())
        rival = self._rival(position)
        if rival is not None:
            return await self._race(begun, limit_s, rival)
        result = await attempts.caller.ask(begun, limit_s)
        await attempts.end(begun, result)
        return result

    def _rival(self, position: int) -> Chosen | None:
        """The next model that could be asked at once, if the use case wants a second one; once in a run."""
        if self._policy.hedge_after_s is None or self._hedged:
            return None
        now_s = self._ports.pacing.monotonic_s()
        return next((one for one in self._chosen[position + 1 :] if self._attempts.ready(one, now_s)), None)

    async def _race(self, begun: Begun, limit_s: float, rival: Chosen) -> CallResult:
        assert self._policy.hedge_after_s is not None
        first = (begun, self._attempts.caller.start(begun, limit_s))
        finishes = await race(first, self._policy.hedge_after_s, self._ports.pacing, lambda: self._second(rival))
        for one in finishes:
            await self._attempts.end(one.begun, one.result, superseded=one.superseded)
        return finishes[0].result

    async def _second(self, rival: Chosen) -> Running | None:
        self._hedged = True
        ticket = self._attempts.enter(rival)
        begun = None if ticket is None else await self._attempts.begin(rival, "hedge", ticket)
        return None if begun is None else (begun, self._attempts.caller.start(begun, min(rival.model.timeout_s, self._left_s())))

    def _left_s(self) -> float:
        return self._deadline_s - self._ports.pacing.monotonic_s()
