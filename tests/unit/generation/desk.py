"""Generation's handlers over fakes: the journal's rules in memory, time that passes only while everybody waits, models by script."""

import asyncio
import heapq
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any

from chancery_contracts import AnyEvent, Retry, VersionRef
from chancery_contracts.areas import UsageReported
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import InteractionGenerated, InteractionRefused, ModelQuote, PriceEvidence, Reservation, TokenUsage
from chancery_generation.domain.breaker import BreakerRules
from chancery_generation.domain.calls import CallHistory, Intent, ModelRequest, RecordedCall
from chancery_generation.domain.completion import CallResult, Completion
from chancery_generation.domain.extractive.model import ExtractiveModel
from chancery_generation.domain.retrying import Backoff
from chancery_generation.domain.standing import Standings
from chancery_generation.handlers import generate
from chancery_generation.ports import Ports
from chancery_testing.builders import FEE, MODEL, authorised, registry_entry
from chancery_testing.clock import FixedClock

USAGE = TokenUsage(input_uncached=10, output=5)
ANSWERED = CallResult("answered", Completion(f"{FEE} [1]", USAGE, '{"prompt_tokens":10}'), 200, None, USAGE, '{"prompt_tokens":10}')
BROKEN = CallResult("server_error", status=500)
REJECTED = CallResult("rejected", status=400)
PRICE = PriceEvidence(source="test", currency="USD", input_micros_per_mtok=1, output_micros_per_mtok=1)
SETTLING = 25
"""So many turns of the loop are enough for everybody to come to wait for something."""


class MemoryCalls:
    """The journal of calls, in memory, with the rules of the real one."""

    def __init__(self) -> None:
        self.calls: dict[int, RecordedCall] = {}
        self.completion: Completion | None = None
        self.answered_in: int | None = None
        self.failures = 0
        self.reads = 0

    async def history(self, cause_id: str) -> CallHistory:
        self.reads += 1
        return CallHistory(tuple(self.calls[ordinal] for ordinal in sorted(self.calls)), self.completion, self.answered_in)

    async def settled(self, event: AnyEvent) -> bool:
        return False

    async def begin(self, event: AnyEvent, ordinal: int, intent: Intent, now: datetime) -> bool:
        if ordinal in self.calls:
            return False
        self.calls[ordinal] = RecordedCall(
            ordinal, intent.model, why=intent.why, provider=intent.provider, provider_model=intent.provider_model, region=intent.region,
            route=intent.route,
        )  # fmt: skip
        return True

    async def finish(self, cause_id: str, call: RecordedCall, result: CallResult, now: datetime) -> bool:
        if self.failures:
            self.failures -= 1
            raise Retry("down")
        self.calls[call.ordinal] = call
        if result.completion is not None and self.completion is None:
            self.completion, self.answered_in = result.completion, call.ordinal
            return True
        return result.completion is None

    def crash(self, *refs: VersionRef) -> None:
        """Leaves calls behind of which nobody knows how they ended."""
        for ref in refs:
            self.calls[len(self.calls) + 1] = RecordedCall(len(self.calls) + 1, ref)


class VirtualPacing:
    """When everybody waits, it is the time at which the first of them wakes up."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []
        self.drawn = 0.5
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._driver: asyncio.Task[None] | None = None

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.wait(seconds)

    async def wait(self, seconds: float) -> None:
        """Like `sleep`, of somebody else: not on record."""
        sleeper = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now_s + seconds, next(self._numbers), sleeper))
        if self._driver is None or self._driver.done():
            self._driver = asyncio.ensure_future(self._drive())
        await sleeper

    def draw(self) -> float:
        return self.drawn

    async def _drive(self) -> None:
        while self._sleepers:
            for _ in range(SETTLING):
                await asyncio.sleep(0)
            wakes_s, _, sleeper = heapq.heappop(self._sleepers)
            if not sleeper.done():
                self.now_s = max(self.now_s, wakes_s)
                sleeper.set_result(None)


class ScriptedModels:
    """Every provider. Each model has its script (the last line stays) and takes so long for each call, at most what is left."""

    def __init__(self, pacing: VirtualPacing) -> None:
        self._pacing = pacing
        self.scripts: dict[str, list[CallResult | Exception]] = {}
        self.takes_s: dict[str, float] = {}
        self.requests: list[ModelRequest] = []
        self.asked: list[tuple[str, float]] = []
        self.cancelled: list[str] = []

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        name = (request.model.base_url or "").removeprefix("http://")
        self.requests.append(request)
        self.asked.append((name, round(self._pacing.now_s, 3)))
        takes_s = self.takes_s.get(name, 0.1)
        script = self.scripts[name]
        try:
            await self._pacing.wait(min(takes_s, time_left_s))
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        if takes_s >= time_left_s:
            return CallResult("timeout")
        result = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(result, Exception):
            raise result
        return result


class CountingMeter:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def called(self, provider: str, outcome: str, seconds: float) -> None:
        self.told.append(("called", provider, outcome))

    def answered(self, why: str) -> None:
        self.told.append(("answered", why))

    def passed_over(self, obstacle: str) -> None:
        self.told.append(("passed_over", obstacle))


def ref(name: str) -> VersionRef:
    return VersionRef(name=name, version=1)


class Scene:
    """Handlers with fakes; `script` is what the first model's provider does. `fallback` adds models after it."""

    def __init__(
        self,
        *script: CallResult | Exception,
        takes_s: float = 0.1,
        user: str = "{passages}\n{question}",
        use_case: Any = None,
        **model: Any,
    ) -> None:
        self.pacing = VirtualPacing()
        self.models = ScriptedModels(self.pacing)
        self.calls, self.meter, self.clock = MemoryCalls(), CountingMeter(), FixedClock()
        self.catalogue = Catalogue()
        self.use_case = use_case or {}
        self.fallbacks: list[VersionRef] = []
        self.quotes: dict[str, int] = {}
        self._model(MODEL.name, script or (ANSWERED,), takes_s, {"max_attempts": 3, "timeout_s": 10} | model)
        self.catalogue.apply(registry_entry("prompt", "answer", {"system": "Cite.", "user": user}))
        self.event = authorised()
        self.ports = Ports(
            self.catalogue, self.calls, {"openai": self.models, "extractive": ExtractiveModel()}, self.pacing, self.clock, self.meter,
            Backoff(0.25, 8.0), Standings(BreakerRules(in_a_row=4, open_s=5.0, probes=1)),
        )  # fmt: skip

    def fallback(self, name: str, *script: CallResult | Exception, takes_s: float = 0.1, quote: int = 1, **model: Any) -> "Scene":
        """One more model, after those before it; money is set aside for it."""
        self._model(name, script or (ANSWERED,), takes_s, {"max_attempts": 2, "timeout_s": 10} | model)
        self.fallbacks.append(ref(name))
        self.quotes[name] = quote
        return self

    def _model(self, name: str, script: Sequence[CallResult | Exception], takes_s: float, more: dict[str, Any]) -> None:
        body = {"provider": "openai", "provider_model": name, "provider_name": f"of-{name}", "base_url": f"http://{name}"} | more
        self.catalogue.apply(registry_entry("model", name, body))
        self.models.scripts[name], self.models.takes_s[name] = list(script), takes_s

    def _publish_use_case(self) -> None:
        pins = {"prompt": {"name": "answer", "version": 1}, "model": MODEL.model_dump(), "redaction_policy": {"name": "r", "version": 1}}
        routing = {"fallbacks": [one.model_dump() for one in self.fallbacks]} | self.use_case.get("routing", {})
        body = {"collections": ["bank-faq"], "budget": "b", **pins} | self.use_case | {"routing": routing}
        self.catalogue.apply(registry_entry("use_case", "bank-faq", body))

    def _priced(self) -> AnyEvent:
        if not self.quotes:
            return self.event
        quotes = tuple(
            ModelQuote(model=ref(name), worst_micros=micros, price_source="test")
            for name, micros in ({MODEL.name: 1} | self.quotes).items()
        )  # fmt: skip
        reservation = Reservation(reservation_id="r1", budget="b", amount_micros=9, price=PRICE, quotes=quotes)
        return authorised(id=self.event.id, **dict(self.event.data) | {"reservation": reservation})

    async def run(self) -> Sequence[AnyEvent]:
        self._publish_use_case()
        return await generate(self._priced(), self.ports)

    async def answered(self) -> InteractionGenerated:
        events = await self.run()
        assert [type(event.data) for event in events] == [InteractionGenerated, UsageReported]
        data = events[0].data
        assert isinstance(data, InteractionGenerated)
        return data

    async def refused(self) -> InteractionRefused:
        data = (await self.run())[0].data
        assert isinstance(data, InteractionRefused)
        return data
