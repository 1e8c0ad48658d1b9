"""Alerts: what is wrong with the trail now, and since when. A finding becomes an alert when it has stood for its kind's patience."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal[
    "offset_gap", "behind", "kafka_went_back", "unsigned", "checkpoint_refused", "two_contents", "unfinished", "clock_off",
    "trail_unreachable", "kafka_unreachable", "anchor_failing",
]  # fmt: skip
PATIENCE: dict[Kind, timedelta] = {
    "offset_gap": timedelta(seconds=4), "trail_unreachable": timedelta(seconds=4), "kafka_unreachable": timedelta(seconds=4),
    "anchor_failing": timedelta(seconds=2),
}  # fmt: skip
"""Batches of one partition may be stored out of order, a database or Kafka may restart, a service that was down has checkpoints to anchor:
such findings pass by themselves."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong now. `place` tells findings of a kind apart; `words` may change while it stands."""

    kind: Kind
    tenant: str | None
    place: str
    words: str

    @property
    def key(self) -> tuple[str, str | None, str]:
        """What it is known by from one look to the next."""
        return self.kind, self.tenant, self.place


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding that stands, and since when."""

    finding: Finding
    since: datetime


@dataclass
class Alerts:
    """What one look after the other finds."""

    _since: dict[tuple[str, str | None, str], datetime] = field(default_factory=dict)
    standing: list[Alert] = field(default_factory=list)

    def take(self, findings: Iterable[Finding], now: datetime) -> tuple[list[Alert], list[Alert]]:
        """One look's findings. Which alerts are new, and which are over."""
        found = {one.key: one for one in findings}
        self._since = {key: self._since.get(key, now) for key in found}
        before = {one.finding.key: one for one in self.standing}
        self.standing = [
            Alert(one, self._since[key])
            for key, one in sorted(found.items(), key=lambda item: (self._since[item[0]], str(item[0])))
            if now - self._since[key] >= PATIENCE.get(one.kind, timedelta())
        ]
        after = {one.finding.key for one in self.standing}
        return [one for one in self.standing if one.finding.key not in before], [one for key, one in before.items() if key not in after]
