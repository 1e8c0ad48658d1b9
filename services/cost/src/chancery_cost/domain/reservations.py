"""Reservations and postings: what was set aside, and each movement of it. open → settled | released; released → settled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chancery_contracts.areas import CostPosted, PostingKind
from chancery_contracts.base import VersionRef
from chancery_contracts.event import Event
from chancery_contracts.interactions import PriceEvidence

State = Literal["open", "settled", "released"]
MAX_MICROS = 10**15
"""A thousand million units: no single posting is larger, and thousands of them fit into 64 bits."""


@dataclass(frozen=True)
class Budget:
    """One budget in one period. `as_of`: the time of the event for which the limit was looked up."""

    tenant: str
    name: str
    period: str
    limit_micros: int
    currency: str
    as_of: datetime


@dataclass(frozen=True, kw_only=True)
class Held:
    """A reservation as it stands. `cause_id`: the event for which it was made; `priced_at`: the moment whose prices hold."""

    reservation_id: str
    cause_id: str | None
    tenant: str
    interaction: str
    conversation: str | None
    matter: str | None
    namespace: str
    budget: str
    period: str
    use_case: str
    model: VersionRef
    amount_micros: int
    price: PriceEvidence
    priced_at: datetime
    state: State = "open"


@dataclass(frozen=True)
class Posting:
    """One movement. Its id is also the id of its event, derived from what caused it, so that it is made once."""

    posting_id: str
    kind: PostingKind
    amount_micros: int
    model: VersionRef
    price_source: str
    posted_at: datetime


def whole(held: Held, posting_id: str, kind: PostingKind, now: datetime) -> Posting:
    """The movement of all that a reservation holds."""
    return Posting(posting_id, kind, held.amount_micros, held.model, held.price.source, now)


def cost_posted(held: Held, posting: Posting) -> CostPosted:
    """What the stream is told of a movement."""
    return CostPosted(
        kind=posting.kind, reservation_id=held.reservation_id, budget=held.budget, use_case=held.use_case, model=posting.model,
        amount_micros=posting.amount_micros, currency=held.price.currency, price_source=posting.price_source,
    )  # fmt: skip


def expiry_event(held: Held, posting: Posting) -> Event[CostPosted]:
    """The event of a release that no event caused: from stored values alone, so that it is the same however often it is made."""
    return Event(
        id=posting.posting_id, source="chancery/cost", time=posting.posted_at, tenant=held.tenant, data=cost_posted(held, posting),
        interaction=held.interaction, conversation=held.conversation, matter=held.matter, causation=held.cause_id,
        namespace=held.namespace,
    )  # fmt: skip
