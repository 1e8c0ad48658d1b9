"""The stage that looks on: how interactions went."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from chancery_bus import BatchStage, Received, Unreadable
from chancery_contracts.failures import Poison
from chancery_contracts.topics import AUTHORISED, COSTS, REFUSED, REVIEWS, VALIDATED

D = TypeVar("D")
OUTCOME_SOURCES = (AUTHORISED, VALIDATED, REFUSED, COSTS, REVIEWS)
"""`authorised`: an interaction counts for its variant from then on, whatever becomes of it; else those that a variant breaks would be
missing among its outcomes."""


def outcomes_stage(
    prepare: Callable[[Sequence[Received]], Awaitable[D]],
    write: Callable[[D], Awaitable[Sequence[Poison | None]]],
    on_unreadable: Callable[[Sequence[Unreadable]], Awaitable[None]],
) -> BatchStage[D]:
    """In batches, retried for ever: a hole would be a wrong figure, and nobody waits."""
    return BatchStage("registry", "registry-outcomes", OUTCOME_SOURCES, prepare, write, on_unreadable)
