"""A suggestion, and what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chancery_registry.domain.suggesting.past import PastRequest

Kind = Literal[
    "repeated_instruction", "unused_input", "branch_never_taken", "repeated_passages", "repeated_history", "prefix_order", "cheaper_model"
]
LONGEST_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`saving_micros`: what would have been saved on `requests` of the past. `at_most`: an upper bound: quality may need some."""

    kind: Kind
    advice: str
    place: str
    text: str
    requests: int
    saving_micros: int
    share: float
    """Of what all requests looked at have cost."""
    method: str
    at_most: bool = False
    interval: tuple[float, float] | None = None
    """Of the difference in verdicts, where one is claimed."""


def share(saving_micros: float, requests: Sequence[PastRequest]) -> float:
    """Of the whole cost, to four places."""
    cost = sum(one.cost_micros for one in requests)
    return round(saving_micros / cost, 4) if cost else 0.0


def excerpt(text: str) -> str:
    """Of a template: its own words, which no person's are."""
    clean = " ".join(text.split())
    return clean if len(clean) <= LONGEST_EXCERPT else clean[: LONGEST_EXCERPT - 1] + "…"
