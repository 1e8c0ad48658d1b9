"""What a simulator does and what it saw: latency, faults by chance or on demand, a journal of every call."""

import json
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

KINDS = (
    "rate_limit", "server_error", "overloaded", "rejected", "cut_body", "cut_end", "slow_bytes", "wrong_json", "wrong_type", "empty",
    "hang", "silent", "dribble", "huge", "redirect", "duplicate", "midstream", "filtered", "truncated", "bad_call",
)  # fmt: skip
"""`cut_body`: the connection breaks. `cut_end`: the response ends as if all were well, before its last event."""
HARMLESS = (None, "slow_bytes", "duplicate")
DRAWN = ("rate_limit", "server_error", "cut_body", "slow_bytes", "wrong_json", "hang")
_MARKER = re.compile(r"\[\[fault:([a-z_]+)(?:\*(\d+))?\]\]")
_HEADER = re.compile(r"([a-z_]+)(?:\*(\d+))?")


@dataclass
class Provider:
    """`entries` holds two for each call: started and finished. `api_key`: what callers must show, if anything."""

    latency_s: float = 0.02
    fault_rate: float = 0.0
    seed: int = 1
    journal: Path | None = None
    retry_after_s: float = 0.2
    entries: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    api_key: str | None = None
    aws_keys: dict[str, str] = field(default_factory=dict)
    slow_pause_s: float = 0.05

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lines: IO[str] | None = self.journal.open("a", encoding="utf-8", buffering=1) if self.journal else None

    def note(self, key: str, what: str, **more: Any) -> None:
        """Appends to the journal; a line is written at once, so that a killed simulator loses none."""
        entry = {"key": key, "event": what, "at": time.time(), **more}
        self.entries.append(entry)
        if self._lines is not None:
            self._lines.write(json.dumps(entry) + "\n")

    def fault(self, header: str | None, prompt: str, call: int) -> str | None:
        """The fault of the n-th call of a key, if any."""
        asked = _HEADER.fullmatch(header) if header else _MARKER.search(prompt)
        if asked is not None:
            kind, times = asked.group(1), asked.group(2)
            return kind if kind in KINDS and (times is None or call <= int(times)) else None
        return self._random.choice(DRAWN) if self._random.random() < self.fault_rate else None

    def summary(self) -> dict[str, Any]:
        """How often each key called, and how often it was answered."""
        finished = Counter(entry["key"] for entry in self.entries if entry["event"] == "finished" and entry["fault"] in HARMLESS)
        return {"calls": dict(self.counts), "answered": dict(finished), "total": self.counts.total()}
