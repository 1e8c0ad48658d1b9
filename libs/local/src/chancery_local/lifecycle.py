"""Up, down, status, logs: what a person asks of the stack in a home folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from chancery_local.errors import StackFailedError, UnknownLogError
from chancery_local.home import Home, default_home
from chancery_local.home_lock import HomeLock
from chancery_local.log_files import tail
from chancery_local.progress import Progress, silent
from chancery_local.state import StackState, read_state

UP_TIMEOUT_S = 600.0
DOWN_TIMEOUT_S = 90.0
POLL_S = 0.1


def up(home: Path | None = None, progress: Progress = silent, timeout_s: float = UP_TIMEOUT_S) -> StackState:
    """Starts the stack and waits until every service is ready; finds the running one. Raises StackFailedError."""
    place = Home(home or default_home())
    place.prepare()
    if HomeLock(place.path).owner() is None:
        place.state.unlink(missing_ok=True)
        _launch(place)
    return _wait_ready(place, progress, timeout_s)


def _launch(place: Home) -> subprocess.Popen[bytes]:
    with place.log("supervisor").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "chancery_local.supervisor", str(place.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_ready(place: Home, progress: Progress, timeout_s: float) -> StackState:
    deadline, said, seen_alive = time.monotonic() + timeout_s, "", False
    while time.monotonic() < deadline:
        state = read_state(place)
        alive = HomeLock(place.path).owner() is not None
        seen_alive = seen_alive or alive
        if state is not None and state.message != said:
            said = state.message
            progress(said)
        if state is not None and state.status == "failed":
            raise StackFailedError(state.message)
        if state is not None and state.status == "ready" and alive:
            return state
        if seen_alive and not alive:
            raise StackFailedError(f"the stack did not come up:\n{tail(place.log('supervisor'))}")
        time.sleep(POLL_S)
    raise StackFailedError(f"not ready after {timeout_s:.0f} s: see `chancery status` and `chancery logs supervisor`")


def down(home: Path | None = None, progress: Progress = silent) -> bool:
    """Stops the stack and waits until it is gone; False where none ran. Raises StackFailedError if it does not end."""
    place = Home(home or default_home())
    lock = HomeLock(place.path)
    owner = lock.owner()
    if owner is None:
        return False
    progress("stopping services, Kafka and PostgreSQL")
    os.kill(owner, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_TIMEOUT_S
    while lock.owner() is not None:
        if time.monotonic() > deadline:
            raise StackFailedError(f"the supervisor (process {owner}) does not end; see its log in {place.logs}")
        time.sleep(POLL_S)
    return True


def status(home: Path | None = None) -> StackState | None:
    """What runs; None where nothing does."""
    place = Home(home or default_home())
    return read_state(place) if HomeLock(place.path).owner() is not None else None


def logs(name: str, home: Path | None = None, *, follow: bool = False, lines: int = 100) -> Iterator[str]:
    """The last lines of a process's log, and what comes after with `follow`. Raises UnknownLogError."""
    place = Home(home or default_home())
    path = place.log(name)
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in place.logs.glob("*.log"))) if place.logs.is_dir() else ""
        raise UnknownLogError(f"no log of {name!r} here. There are: {known or 'none'}")
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from [line.rstrip("\n") for line in file.readlines()[-lines:]]
        while follow:
            line = file.readline()
            if line:
                yield line.rstrip("\n")
            else:
                time.sleep(POLL_S)
