"""The embedded stack, as the commands show it."""

from collections.abc import Iterator
from dataclasses import dataclass

import chancery_local
from chancery_local import LocalStackError, StackState, resident_bytes
from chancery_local.progress import Progress

from chancery_cli.errors import CommandFailed

MB = 1_048_576


@dataclass(frozen=True)
class ProcessView:
    """One process."""

    name: str
    state: str
    pid: int | None
    port: int | None
    restarts: int
    rss_mb: int


@dataclass(frozen=True)
class StackView:
    """All of them."""

    running: bool
    processes: tuple[ProcessView, ...] = ()


def stack_up(progress: Progress) -> StackView:
    """Starts it, or finds it."""
    try:
        return _view(chancery_local.up(progress=progress))
    except LocalStackError as exc:
        raise CommandFailed(str(exc)) from exc


def stack_down(progress: Progress) -> None:
    """Stops it."""
    try:
        stopped = chancery_local.down(progress=progress)
    except LocalStackError as exc:
        raise CommandFailed(str(exc)) from exc
    progress("stopped; its data stay" if stopped else "no stack was running here")


def stack_status() -> StackView:
    """What runs."""
    return _view(chancery_local.status())


def follow_logs(name: str, *, follow: bool, lines: int) -> Iterator[str]:
    """Lines of a log."""
    try:
        yield from chancery_local.logs(name, follow=follow, lines=lines)
    except LocalStackError as exc:
        raise CommandFailed(str(exc)) from exc


def _view(state: StackState | None) -> StackView:
    if state is None:
        return StackView(running=False)
    views = [
        ProcessView(one.name, one.state, one.pid, one.port, one.restarts, resident_bytes(one.pid) // MB if one.pid else 0)
        for one in state.processes
    ]
    own = ProcessView("supervisor", "running", state.pid, None, 0, resident_bytes(state.pid, descendants=False) // MB)
    return StackView(running=True, processes=(*views, own))
