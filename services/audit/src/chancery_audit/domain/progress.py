"""Whether the trail keeps up with Kafka: what the broker had given out a while ago must be on record by now."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chancery_audit.domain.alerts import Finding

Place = tuple[str, int]
"""Topic and partition."""
Offsets = Mapping[Place, int]
"""Each the offset behind the last record."""


@dataclass
class Progress:
    """Looks at both sides, again and again; a record that stays away for `patience` is a finding."""

    patience: timedelta
    _seen: deque[tuple[datetime, Offsets]] = field(default_factory=deque)

    def behind(self, now: datetime, ends: Offsets, recorded: Offsets) -> dict[Place, int]:
        """How many records each partition waits for that has waited too long."""
        self._seen.append((now, ends))
        while len(self._seen) > 1 and self._seen[1][0] <= now - self.patience:
            self._seen.popleft()
        since, before = self._seen[0]
        if since > now - self.patience:
            return {}
        late = [place for place, end in before.items() if recorded.get(place, 0) < end]
        return {place: ends[place] - recorded.get(place, 0) for place in late if ends.get(place, 0) > recorded.get(place, 0)}


def behind_findings(waiting: Mapping[Place, int], patience: timedelta) -> list[Finding]:
    """In words."""
    seconds = f"{patience.total_seconds():g} s"
    return [
        Finding("behind", None, f"{topic}/{number}", f"{count} records are not on record, the oldest for more than {seconds}")
        for (topic, number), count in sorted(waiting.items())
    ]


def backwards(ends: Offsets, recorded: Offsets) -> list[Finding]:
    """Kafka ends before what is on record. `recorded` must have been read first."""
    return [
        Finding("kafka_went_back", None, f"{topic}/{number}", f"Kafka ends at offset {ends[topic, number]}, {offset} were recorded")
        for (topic, number), offset in sorted(recorded.items())
        if (topic, number) in ends and ends[topic, number] < offset
    ]
