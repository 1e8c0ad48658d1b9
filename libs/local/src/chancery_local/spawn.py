"""Start a child process that dies with us, even when we are killed with -9."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chancery_local.log_files import rotate

PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True)
class SystemUser:
    """The numeric user and group that a child runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Launch:
    """All that is needed to start one process, so that it can be started again."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    log_path: Path
    cwd: Path
    user: SystemUser | None = None


def spawn(launch: Launch) -> subprocess.Popen[bytes]:
    """Start the process with stdout and stderr appended to its log, in a session of its own.

    Linux sends the parent-death signal when the *thread* that made the child ends, so one thread that lives as long
    as this process makes them all.
    """
    return _spawner().submit(_start, launch).result()


@cache
def _spawner() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="chancery-spawner")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _start(launch: Launch) -> subprocess.Popen[bytes]:
    launch.log_path.parent.mkdir(parents=True, exist_ok=True)
    rotate(launch.log_path)
    with launch.log_path.open("ab") as log:
        return subprocess.Popen(
            launch.argv,
            env=dict(launch.environment),
            cwd=launch.cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=launch.user.uid if launch.user else None,
            group=launch.user.gid if launch.user else None,
            extra_groups=[] if launch.user else None,
            preexec_fn=_DieWith(os.getpid()) if sys.platform == "linux" else None,  # noqa: PLW1509  # one thread forks; it locks nothing
        )


class _DieWith:
    """Runs in the child after it changed user (which would clear the setting) and before exec."""

    def __init__(self, parent_pid: int) -> None:
        self._parent_pid = parent_pid
        self._prctl = _libc().prctl  # looked up before the fork: the child must not import or lock anything

    def __call__(self) -> None:
        self._prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._parent_pid:  # the parent died before the setting took hold
            os._exit(1)


def bare_environment() -> dict[str, str]:
    """What a server child needs of our environment; API keys and the like stay out."""
    kept = ("PATH", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
    return {"LC_ALL": "C", "TZ": "UTC"} | {name: os.environ[name] for name in kept if name in os.environ}
