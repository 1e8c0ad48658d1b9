"""A server as a child process: start, wait until ready, stop; and the rough treatment that chaos tests give."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chancery_local.errors import ChildDiedError, LocalStackError
from chancery_local.log_files import tail
from chancery_local.processes import frozen
from chancery_local.spawn import Launch, spawn

POLL_S = 0.02
START_TIMEOUT_S = 60.0
FREEZE_TIMEOUT_S = 5.0


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class ServerPlan:
    """How to run one server: its launch (asked for at each start), its readiness probe, and how it is stopped."""

    name: str
    log_path: Path
    launch: Callable[[], Launch]
    ready: Callable[[], bool]
    before_start: Callable[[], None] = _nothing
    after_stop: Callable[[], None] = _nothing
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 30.0


class ServerHandle:
    """One server process; it can be killed, frozen and started again on the same data and port."""

    def __init__(self, plan: ServerPlan) -> None:
        self.plan = plan
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """The server's name, which is also that of its log."""
        return self.plan.name

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the process exists (ready or not)."""
        return self._process is not None and self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """How the last process ended; None while it runs or before the first start."""
        return None if self._process is None else self._process.poll()

    def ready(self) -> bool:
        """Whether it serves requests now."""
        return self.running and self.plan.ready()

    def spawn(self) -> None:
        """Start the process without waiting for it."""
        self.plan.before_start()
        self._process = spawn(self.plan.launch())

    def start(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Start it and wait until it serves; raises ChildDiedError with its last log lines otherwise."""
        self.spawn()
        self.wait_ready(timeout_s)

    def wait_ready(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until it serves; raises ChildDiedError when it ends, or is not ready in time."""
        deadline = time.monotonic() + timeout_s
        while not self.plan.ready():
            if not self.running or time.monotonic() > deadline:
                raise self.died()
            time.sleep(POLL_S)

    def died(self) -> ChildDiedError:
        """The error that tells how it ended."""
        return ChildDiedError(self.name, self.returncode, self.plan.log_path, tail(self.plan.log_path))

    def stop(self) -> None:
        """Ask it to end, then insist; returns when it is gone. Harmless when it is not running."""
        if self._process is None:
            return
        if self.running:
            self.resume()
            self._process.send_signal(self.plan.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self.plan.stop_timeout_s)
        orderly = not self.running
        self.kill()
        if orderly:
            self.plan.after_stop()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Freeze the process (SIGSTOP) and wait until it stands; for PostgreSQL only the postmaster, its sessions go on.

        Raises LocalStackError where it goes on all the same.
        """
        self._signal(signal.SIGSTOP)
        deadline = time.monotonic() + FREEZE_TIMEOUT_S
        # The signal is delivered at once and takes effect at each thread's next step out of the kernel.
        while (pid := self.pid) is not None and not frozen(pid):
            if time.monotonic() > deadline:
                raise LocalStackError(f"{self.name} was told to stop and did not within {FREEZE_TIMEOUT_S:.0f} s.")
            time.sleep(POLL_S)

    def resume(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    def restart(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Stop it if it runs, start it again on the same data and port, and wait until it serves."""
        self.stop()
        self.start(timeout_s)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.running:
            self._process.send_signal(number)
