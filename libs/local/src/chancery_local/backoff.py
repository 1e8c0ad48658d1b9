"""How often a process that dies is started again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

FIRST_S, CAP_S = 0.25, 5.0
WINDOW_S, MOST_IN_WINDOW = 60.0, 10


@dataclass
class RestartPolicy:
    """Waits longer each time; gives up after too many restarts in a minute. Times are seconds of a monotonic clock."""

    times: deque[float] = field(default_factory=deque)
    restarts: int = 0

    def next_start(self, now: float) -> float | None:
        """When to start again; None to give up."""
        while self.times and self.times[0] <= now - WINDOW_S:
            self.times.popleft()
        if len(self.times) >= MOST_IN_WINDOW:
            return None
        delay = 0.0 if not self.times else min(CAP_S, FIRST_S * 2 ** (len(self.times) - 1))
        self.times.append(now)
        self.restarts += 1
        return now + delay
