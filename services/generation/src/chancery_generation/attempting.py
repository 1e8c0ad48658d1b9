"""The attempts of one event: who may still be asked, what is known of each model by now, and what came of all of it."""

from dataclasses import dataclass

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ModelBody
from chancery_contracts.interactions import AttestationEvidence, RouteDecision

from chancery_generation.calling import Begun, CallBook, Caller
from chancery_generation.domain.breaker import Ticket
from chancery_generation.domain.calls import Intent, RecordedCall, Why
from chancery_generation.domain.completion import CallResult, Completion
from chancery_generation.domain.retrying import attempts_left
from chancery_generation.domain.routing import Chosen, Route, attested
from chancery_generation.domain.work import Fitted, Work, fit, request_of
from chancery_generation.errors import NotAttested
from chancery_generation.ports import Ports

CIRCUIT_OPEN = "its circuit is open"


@dataclass(frozen=True, slots=True)
class Given:
    """An answer, and the call that it came from."""

    fitted: Fitted
    completion: Completion
    call: RecordedCall


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: every call, the record of the decision, the answer if there is one, and what the last entry asked lacked."""

    calls: tuple[RecordedCall, ...]
    decision: RouteDecision
    given: Given | None = None
    trouble: str | None = None


class Attempts:
    """Of one event, in this run and, by the journal, in those before it."""

    def __init__(self, work: Work, route: Route, ports: Ports) -> None:
        self._work, self._route, self._ports = work, route, ports
        local = len(route.decision.candidates) == 1 and [one.model.provider for one in route.chosen] == ["extractive"]
        self.book = CallBook(work.event, ports, journalled=not local)
        self.caller = Caller(self.book, ports)
        self._made: dict[VersionRef, int] = {}
        self._notes: dict[VersionRef, str] = {}
        self._evidence: dict[VersionRef, AttestationEvidence] = {}
        self._fitted: dict[VersionRef, Fitted] = {}

    def left(self, chosen: Chosen) -> int:
        """How often this model may be asked yet."""
        made = self._made.get(chosen.ref, 0)
        return attempts_left(chosen.model.max_attempts, self.book.made(chosen.ref) - made) - made

    def ready(self, chosen: Chosen, now_s: float) -> bool:
        """Whether this model could be asked at once."""
        admitted = self._ports.standings.of(chosen.model).breaker.admits(now_s)
        return admitted and self.left(chosen) > 0 and (not chosen.attest or chosen.ref in self._evidence)

    def enter(self, chosen: Chosen) -> Ticket | None:
        """Through the model's circuit; none where it is open, which is noted."""
        ticket = self._ports.standings.of(chosen.model).breaker.enter(self._ports.pacing.monotonic_s())
        if ticket is None:
            self._notes[chosen.ref] = CIRCUIT_OPEN
        else:
            self._notes.pop(chosen.ref, None)
        return ticket

    def blocked(self) -> list[Chosen]:
        """Those whose circuit was found open."""
        return [one for one in self._route.chosen if self._notes.get(one.ref) == CIRCUIT_OPEN]

    async def proved(self, chosen: Chosen, left_s: float) -> bool:
        """Whether this model may have the text; where it must prove that, it is asked to."""
        if not chosen.attest or chosen.ref in self._evidence:
            return True
        assert self._ports.attestor is not None, "the decision allows no such model without one"
        try:
            self._evidence[chosen.ref] = await self._ports.attestor.attest(chosen.model, left_s)
        except NotAttested as exc:
            self._notes[chosen.ref] = f"its attestation did not hold: {exc}"
            self._ports.meter.passed_over("attestation")
            return False
        return True

    async def begin(self, chosen: Chosen, why: Why, ticket: Ticket) -> Begun | None:
        """None where the journal held more than was known. Raises PromptError."""
        model, fitted = chosen.model, self._fit(chosen.ref, chosen.model)
        route = self._decision(chosen.ref).model_dump_json()
        intent = Intent(chosen.ref, why, model.provider_name, model.provider_model, model.region, route)
        evidence = self._evidence.get(chosen.ref)
        request = request_of(self._work, fitted, evidence.channel_key_sha256 if evidence else None)
        begun = await self.caller.begin(request, intent, ticket)
        if begun is not None:
            self._made[chosen.ref] = self._made.get(chosen.ref, 0) + 1
        return begun

    async def end(self, begun: Begun, result: CallResult, *, superseded: bool = False) -> None:
        """Into the journal. What the model's entry lacks is noted."""
        await self.caller.end(begun, result, superseded=superseded)
        if result.outcome == "rejected" and result.status is None and self.caller.trouble:
            self._notes[begun.call.model] = self.caller.trouble

    def why(self, position: int) -> Why:
        """Of the next call of the model at a place in the order."""
        if self.book.made(self._route.chosen[position].ref):
            return "again"
        return "fallback" if position or self.book.calls else "first"

    def asked(self) -> Asked:
        """What came of it so far. Raises PromptError."""
        book, calls = self.book, tuple(self.book.calls)
        if book.completion is None or book.answered_in is None:
            return Asked(calls, self._decision(None), trouble=self.caller.trouble)
        answering = calls[book.answered_in - 1]
        fitted = self._fit(answering.model, self._body(answering.model))
        decision = self._decision(answering.model) if answering.route is None else RouteDecision.model_validate_json(answering.route)
        return Asked(calls, decision, Given(fitted, book.completion, answering))

    def _fit(self, ref: VersionRef, model: ModelBody) -> Fitted:
        if ref not in self._fitted:
            self._fitted[ref] = fit(self._work, ref, model)
        return self._fitted[ref]

    def _body(self, ref: VersionRef) -> ModelBody:
        """Of a model that was asked, by this run or an earlier one."""
        body = self._ports.catalogue.pinned(self._work.event.tenant, "model", ref, ModelBody)
        assert body is not None, "a model that was asked stays in the catalogue"
        return body

    def _decision(self, ref: VersionRef | None) -> RouteDecision:
        """The record as it stands, with what the model asked has proved."""
        decision = self._route.noting(self._notes)
        evidence = self._evidence.get(ref) if ref is not None else next(iter(self._evidence.values()), None)
        return decision if evidence is None else attested(decision, evidence)
