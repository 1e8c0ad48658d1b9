"""Which interactions somebody wants to find."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chancery_audit.domain.attributes import Kind
from chancery_audit.domain.views import View

State = Literal["open", "ended", "erased"]


@dataclass(frozen=True, slots=True)
class CostRange:
    """What was settled, both ends included, in micro-units of one currency."""

    currency: str
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """A person as redaction names it. `place` is where the token is stable, like `matter:m-1`."""

    place: str
    token: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """All of it must hold; None means any. `after` is the last one of the page before. Times are the broker's, of acceptance."""

    view: View
    use_case: str | None = None
    matter: str | None = None
    conversation: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: State | None = None
    named: "dict[Kind, str]" = field(default_factory=dict)
    """One name of a kind: `{"prompt": "answer@3"}`."""
    persons: Sequence[Pseudonym] = ()
    """Any of them."""
    cost: CostRange | None = None
    after: str | None = None
    limit: int = 100

    def places(self) -> dict[str, list[str]]:
        """Matters and conversations, any of a kind. Who is kept to matters looks among those alone: there may be none."""
        found = {} if self.conversation is None else {"conversation": [self.conversation]}
        kept = self.view.walls.matters
        if kept is not None:
            return found | {"matter": sorted(kept if self.matter is None else kept & {self.matter})}
        return found if self.matter is None else found | {"matter": [self.matter]}
