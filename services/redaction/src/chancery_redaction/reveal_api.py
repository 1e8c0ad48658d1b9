"""What stands behind pseudonyms, for who has a right to it. Every showing is on record before it is answered."""

from collections.abc import Sequence
from typing import Annotated, Literal

from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_contracts.reveals import ValuesRevealed
from chancery_runtime.access import authenticated
from chancery_runtime.principals import Principal, Way
from chancery_runtime.problems import Problem
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator

from chancery_redaction.adapters.revealing import Revealing, TellReveal
from chancery_redaction.domain.masking import ERASED
from chancery_redaction.domain.mentions import all_tokens
from chancery_redaction.domain.pseudonyms import TOKEN
from chancery_redaction.domain.restoring import restore
from chancery_redaction.domain.revealing import Place, Shown, State, admits, may_reveal, reader, shown
from chancery_redaction.domain.spellings import plain

MOST = 2_000
Name = Annotated[str, Field(pattern=IDENTIFIER_PATTERN)]


class RevealOrder(BaseModel):
    """Pseudonyms, or a text with some, of one matter; of a conversation or an interaction where there is no matter."""

    model_config = ConfigDict(extra="forbid")
    tenant: str = Field(pattern=TENANT_PATTERN)
    matter: Name | None = None
    conversation: Name | None = None
    interaction: Name | None = None
    tokens: list[Annotated[str, Field(pattern=f"^{TOKEN.pattern}$")]] | None = Field(None, min_length=1, max_length=MOST)
    text: str | None = Field(None, min_length=1, max_length=200_000)
    reason: str = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _one_of_each(self) -> "RevealOrder":
        if sum(one is not None for one in (self.matter, self.conversation, self.interaction)) != 1:
            raise ValueError("name one: matter, conversation, interaction")
        if (self.tokens is None) == (self.text is None):
            raise ValueError("give tokens or a text")
        return self

    @property
    def place(self) -> Place:
        """Where the pseudonyms are stable."""
        return Place(self.matter, self.conversation, self.interaction)


class ValueView(BaseModel):
    """`unknown`: no pseudonym of this place. `erased`: its value is no more, and nobody can bring it back."""

    token: str
    state: State
    value: str | None = None


class Revealed(BaseModel):
    """`text`: the text that was sent, with the values that are left."""

    values: list[ValueView]
    text: str | None = None
    recorded: Literal[True] = True


def reveal_router(ways: Sequence[Way], revealing: Revealing, tell: TellReveal) -> APIRouter:
    """One route."""
    routes = APIRouter(prefix="/v1")
    find = authenticated(ways)

    @routes.post("/vault/reveal")
    async def reveal(order: RevealOrder, who: Annotated[Principal, Depends(find)]) -> Revealed:
        """For auditors and officers of the tenant, inside their walls."""
        _let_in(order, who)
        tokens = _tokens(order)
        values = await revealing.values(order.tenant, order.place, tokens)
        if not values:
            raise _nothing_there()
        found = shown(tokens, values, ERASED)
        await tell(order.tenant, order.place, _event(order, who, found))
        text = None if order.text is None else restore(order.text, values)[0]
        return Revealed(values=[_view(one) for one in found], text=text)

    return routes


def _let_in(order: RevealOrder, who: Principal) -> None:
    """Raises Problem. Another's matter and one that does not exist are answered alike."""
    if not may_reveal(who):
        raise Problem(403, "Not for this role", "This role may not see what stands behind pseudonyms.")
    if who.tenants is not None and order.tenant not in who.tenants:
        raise Problem(403, "Not your tenant", "This key or token is for another tenant.")
    if not admits(who, order.place):
        raise _nothing_there()


def _nothing_there() -> Problem:
    return Problem(404, "Not found", "No such pseudonym in this matter, conversation or interaction.")


def _tokens(order: RevealOrder) -> list[str]:
    tokens = order.tokens if order.tokens is not None else all_tokens(order.text or "")
    if len(tokens) > MOST:
        raise Problem(422, "Too many", f"A text may have {MOST} pseudonyms.")
    return tokens


def _event(order: RevealOrder, who: Principal, found: Sequence[Shown]) -> ValuesRevealed:
    by_state = {state: tuple(one.token for one in found if one.state == state) for state in ("revealed", "erased")}
    return ValuesRevealed(
        reader=reader(who), scope=order.place.scope, tokens=by_state["revealed"], erased=by_state["erased"], reason=order.reason
    )


def _view(one: Shown) -> ValueView:
    return ValueView(token=one.token, state=one.state, value=None if one.value is None else plain(one.value))
