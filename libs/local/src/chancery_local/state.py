"""What the supervisor says of itself: one file, replaced in one step, readable by its owner only (it holds a password)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from chancery_local.home import Home, write_secret_file

Status = Literal["starting", "ready", "failed", "stopped"]
ProcessState = Literal["starting", "ready", "unwell", "restarting", "failed"]


@dataclass(frozen=True)
class ProcessStatus:
    """One process of the stack."""

    name: str
    pid: int | None
    port: int | None
    state: ProcessState
    restarts: int = 0


@dataclass(frozen=True)
class StackState:
    """The whole stack. `message` says what is being done, or what went wrong."""

    status: Status
    pid: int
    message: str = ""
    kafka_bootstrap: str = ""
    database_url: str = ""
    processes: tuple[ProcessStatus, ...] = field(default=())

    @property
    def ports(self) -> dict[str, int]:
        """The HTTP port of each service."""
        return {one.name: one.port for one in self.processes if one.port is not None}


def write_state(home: Home, state: StackState) -> None:
    """Replaces what was said before."""
    write_secret_file(home.state, json.dumps(asdict(state), indent=1))


def read_state(home: Home) -> StackState | None:
    """What was said last; None where nothing was, or nothing whole."""
    try:
        content = json.loads(home.state.read_text(encoding="utf-8"))
        processes = tuple(ProcessStatus(**one) for one in content.pop("processes"))
        return StackState(**content, processes=processes)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
