"""The demo's board: where every request is, and how it ended. Takes in events, knows no I/O."""

from collections import Counter
from dataclasses import dataclass, field

from chancery_bus import Received
from chancery_contracts.areas import CostPosted
from chancery_contracts.interactions import InteractionCompleted, InteractionRedacted, InteractionRequested

from chancery_cli.demo.requests import DemoRequest

STAGES = ("requested", "redacted", "grounded", "authorised", "generated", "validated", "refused", "completed")


@dataclass
class Progress:
    """One request's way. Times are the broker's, in milliseconds."""

    request: DemoRequest
    times_ms: dict[str, int] = field(default_factory=dict)
    masked: Counter[str] = field(default_factory=Counter)
    cost_micros: int | None = None
    completed: InteractionCompleted | None = None

    @property
    def stage(self) -> str:
        """The last stage that was seen."""
        return max(self.times_ms, key=lambda name: (self.times_ms[name], STAGES.index(name)), default="")

    @property
    def latency_ms(self) -> int | None:
        """From the request's record to the completed one's."""
        if "completed" not in self.times_ms or "requested" not in self.times_ms:
            return None
        return self.times_ms["completed"] - self.times_ms["requested"]


class Board:
    """All requests of a run."""

    def __init__(self, requests: list[DemoRequest]) -> None:
        self.rows = {request.interaction: Progress(request) for request in requests}

    @property
    def finished(self) -> int:
        """How many have ended."""
        return sum(row.completed is not None for row in self.rows.values())

    @property
    def settled(self) -> bool:
        """True when all have ended and every released one has its cost."""
        done = [row.completed for row in self.rows.values()]
        return all(done) and all(
            row.cost_micros is not None for row in self.rows.values() if row.completed and row.completed.outcome != "refused"
        )

    def take(self, received: Received) -> None:
        """Takes in one event; those of other runs are left aside."""
        row = self.rows.get(received.event.interaction or "")
        if row is None:
            return
        data = received.event.data
        if isinstance(data, CostPosted):
            row.cost_micros = data.amount_micros if data.kind == "settle" else row.cost_micros
            return
        stage = data.TYPE.split(".")[2]
        if stage not in STAGES:
            return
        row.times_ms.setdefault(stage, received.timestamp_ms)
        if isinstance(data, InteractionCompleted):
            row.completed = data
        elif type(data) is InteractionRedacted:
            row.masked = Counter(finding.entity_type for finding in data.findings)
        elif isinstance(data, InteractionRequested):
            row.times_ms["requested"] = received.timestamp_ms

    def start(self, interaction: str, now_ms: int) -> None:
        """A request that no reader can decode starts when it was written."""
        self.rows[interaction].times_ms.setdefault("requested", now_ms)
