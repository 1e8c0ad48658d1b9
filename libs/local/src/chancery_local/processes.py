"""Recognise a process again: its id alone does not do, because ids are reused."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil


def identity(pid: int) -> str | None:
    """A text that only this incarnation of `pid` has; None when it does not run (a zombie does not)."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return _linux_identity(pid) if sys.platform == "linux" else f"{process.create_time():.0f}"
    except (psutil.Error, OSError, ValueError):
        return None


def _linux_identity(pid: int) -> str:
    # proc(5): field 22 is the start in ticks since boot, which no clock adjustment moves
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return f"{boot}:{fields[19]}"


def frozen(pid: int) -> bool:
    """Whether a stop signal has taken effect, on every thread; True as well where the process is gone."""
    try:
        return (
            threads_stand(Path(f"/proc/{pid}/task")) if sys.platform == "linux" else psutil.Process(pid).status() == psutil.STATUS_STOPPED
        )
    except (psutil.Error, OSError):
        return True


def threads_stand(tasks: Path) -> bool:
    """Of a process' `task` folder. A thread that ended since it was listed stands, and says nothing of the others."""
    return all(_state(task) in "TtZX" for task in tasks.iterdir())


def _state(task: Path) -> str:
    try:
        # proc(5): field 3 is the state, behind the name, which may hold anything
        return (task / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def resident_bytes(pid: int, *, descendants: bool = True) -> int:
    """Resident memory of a process, and of its descendants; 0 when it is gone."""
    try:
        process = psutil.Process(pid)
        return sum(_own_bytes(each) for each in (process, *(process.children(recursive=True) if descendants else ())))
    except psutil.Error:
        return 0


def _own_bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
        # Shared pages (PostgreSQL's buffers) would count once for each of its processes.
        return int(memory.rss - getattr(memory, "shared", 0)) or int(memory.rss)
    except psutil.Error:
        return 0
