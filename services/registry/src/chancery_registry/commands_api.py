"""Changing the registry over HTTP. Each order is answered when it is known whether it counts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from chancery_contracts.catalogue import Thing
from chancery_contracts.failures import Poison
from chancery_contracts.governance import Change, Decision, Evidence, GovernedKind, RegistryEnvironment
from chancery_contracts.governed import LARGEST_VERSION
from chancery_runtime.problems import Problem
from fastapi import APIRouter, Depends, Header, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chancery_registry.adapters.commands import Answer, Asked
from chancery_registry.api import Name, Number
from chancery_registry.domain.orders import Activate, Attach, Comment, Draft, MoveLabel, Order, RequestReview, Retire, Review, RollBack
from chancery_registry.domain.roles import Right
from chancery_registry.errors import RegistryError
from chancery_registry.gate import Gate, Visitor, problem
from chancery_registry.views import Receipt

Take = Callable[[Asked], Awaitable[Answer]]
Text = Annotated[str, Field(max_length=2_000)]
Reason = Annotated[str, Field(min_length=1, max_length=2_000)]
Version = Annotated[int, Field(ge=1, le=LARGEST_VERSION)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewVersion(_Sent):
    """`origin`: file and commit that it came from."""

    body: dict[str, Any]
    comment: Text = ""
    origin: Annotated[str, Field(max_length=500)] | None = None
    based_on: Version | None = None


class NewRequest(_Sent):
    """Words to those who approve."""

    comment: Text = ""


class NewReview(_Sent):
    """`role` may be left out where the caller has one that is open."""

    decision: Decision
    role: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    comment: Text = ""


class NewEvidence(Evidence):
    """As the contract has it, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class NewActivation(_Sent):
    """`effective_from` none: as soon as every service can know."""

    environment: RegistryEnvironment = "production"
    effective_from: AwareDatetime | None = None
    reason: Reason


class NewRetirement(_Sent):
    """For good."""

    effective_from: AwareDatetime | None = None
    reason: Reason


class NewComment(_Sent):
    """On a version, or on the whole."""

    comment: Reason
    version: Version | None = None


class NewPlace(_Sent):
    """Where a label points; null: nowhere."""

    version: Version | None


class NewRollback(_Sent):
    """`to` none: to what was live before."""

    reason: Reason
    to: Version | None = None
    environment: RegistryEnvironment = "production"


class Conditions:
    """Headers of every change."""

    def __init__(
        self,
        if_match: Annotated[str | None, Header(pattern=r'^"[0-9]{1,9}"$')] = None,
        idempotency_key: Annotated[str | None, Header(pattern=r"^[\x21-\x7e]{1,200}$")] = None,
    ) -> None:
        self.sequence = None if if_match is None else int(if_match.strip('"'))
        self.key = idempotency_key


Given = Annotated[Conditions, Depends()]


@dataclass(frozen=True, slots=True)
class Call:
    """Who wants to change what, under which conditions; and the answer's headers."""

    who: Visitor
    kind: GovernedKind
    name: str
    given: Conditions
    response: Response


class Desk:
    """Turns what was sent into an order, and what became of it into an answer."""

    def __init__(self, gate: Gate, take: Take) -> None:
        self._gate = gate
        self._take = take

    def calls(self, right: Right) -> Callable[..., Awaitable[Call]]:
        """A FastAPI dependency: who has this right. Raises Problem."""
        find = self._gate.may(right)

        async def call(
            kind: GovernedKind, name: Name, given: Given, response: Response, who: Annotated[Visitor, Depends(find)]
        ) -> Call:  # fmt: skip
            return Call(who, kind, name, given, response)

        return call

    async def __call__(self, call: Call, order: Order) -> Receipt:
        """Raises Problem, Retry."""
        thing: Thing = (call.who.tenant, call.kind, call.name)
        try:
            answer = await self._take(Asked(thing, call.who.member, order, call.given.sequence, call.given.key))
        except RegistryError as exc:
            raise problem(exc) from exc
        except Poison as exc:
            raise Problem(413, "Too large", "The change is larger than a record may be.") from exc
        if answer.repeated:
            call.response.status_code = 200
        call.response.headers["ETag"] = f'"{answer.sequence}"'
        return _receipt(thing, answer)


def commands_router(gate: Gate, take: Take) -> APIRouter:
    """The routes that change something."""
    routes, desk = APIRouter(prefix="/v1/registry/{kind}/{name}"), Desk(gate, take)
    drafting, reviewing, operating, noting = (Depends(desk.calls(right)) for right in _RIGHTS)

    @routes.post("/versions", status_code=201)
    async def draft(sent: NewVersion, call: Call = drafting) -> Receipt:
        """A new version; the newest one where it has this very body."""
        return await desk(call, Draft(sent.body, sent.comment, sent.origin, sent.based_on))

    @routes.post("/versions/{version}/review-requests", status_code=201)
    async def request_review(version: Number, sent: NewRequest, call: Call = drafting) -> Receipt:
        """Once the evidence is there that the approval policy asks for."""
        return await desk(call, RequestReview(version, sent.comment))

    @routes.post("/versions/{version}/reviews", status_code=201)
    async def review(version: Number, sent: NewReview, call: Call = reviewing) -> Receipt:
        """Never by the author."""
        return await desk(call, Review(version, sent.decision, sent.role, sent.comment))

    @routes.post("/versions/{version}/evidence", status_code=201)
    async def attach(version: Number, sent: NewEvidence, call: Call = noting) -> Receipt:
        """What an approval rests on."""
        return await desk(call, Attach(version, Evidence(**sent.model_dump())))

    @routes.post("/versions/{version}/activations", status_code=201)
    async def activate(version: Number, sent: NewActivation, call: Call = operating) -> Receipt:
        """Live from a moment on that every service can know of before."""
        return await desk(call, Activate(version, sent.reason, sent.environment, sent.effective_from))

    @routes.post("/versions/{version}/retirement", status_code=201)
    async def retire(version: Number, sent: NewRetirement, call: Call = operating) -> Receipt:
        """For good."""
        return await desk(call, Retire(version, sent.reason, sent.effective_from))

    @routes.post("/comments", status_code=201)
    async def comment(sent: NewComment, call: Call = noting) -> Receipt:
        """On record for ever: no personal data."""
        return await desk(call, Comment(sent.comment, sent.version))

    @routes.put("/labels/{label}")
    async def move_label(label: Name, sent: NewPlace, call: Call = operating) -> Receipt:
        """Where it pointed before stays on record."""
        return await desk(call, MoveLabel(label, sent.version))

    @routes.post("/rollback", status_code=201)
    async def roll_back(sent: NewRollback, call: Call = operating) -> Receipt:
        """At once, without new approval, to what was live before; marked as an emergency for ever."""
        return await desk(call, RollBack(sent.reason, sent.to, sent.environment))

    return routes


_RIGHTS: tuple[Right, ...] = ("draft", "review", "operate", "note")


def _receipt(thing: Thing, answer: Answer) -> Receipt:
    event = answer.event
    about = {"tenant": thing[0], "kind": thing[1], "name": thing[2], "sequence": answer.sequence, "version": answer.version}
    if event is None:
        nothing = dict.fromkeys(("change_id", "type", "at", "effective_from"))
        return Receipt(**about, **nothing, repeated=True)
    assert isinstance(event.data, Change)
    since = getattr(event.data, "effective_from", None)
    return Receipt(**about, change_id=event.id, type=event.type, at=event.time, effective_from=since, repeated=answer.repeated)
