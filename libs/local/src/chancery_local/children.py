"""The supervised processes: each is watched, started again when it dies, and asked how it is."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chancery_local.backoff import RestartPolicy
from chancery_local.ports import LOOPBACK
from chancery_local.server import ServerHandle, ServerPlan
from chancery_local.spawn import Launch
from chancery_local.stack import ServiceSpec
from chancery_local.state import ProcessState, ProcessStatus

HEALTH_TIMEOUT_S = 2.0
SERVICE_STOP_TIMEOUT_S = 20.0


def service_handle(spec: ServiceSpec, log_path: Path) -> ServerHandle:
    """A service as a server: ready when its health route says so."""
    launch = Launch(spec.argv, spec.environment, log_path, Path.cwd())
    plan = ServerPlan(spec.name, log_path, lambda: launch, lambda: healthy(spec), stop_timeout_s=SERVICE_STOP_TIMEOUT_S)
    return ServerHandle(plan)


def healthy(spec: ServiceSpec) -> bool:
    """Whether the health route answers 200."""
    if spec.port is None:
        return True
    connection = http.client.HTTPConnection(LOOPBACK, spec.port, timeout=HEALTH_TIMEOUT_S)  # never through a proxy, as urllib would
    try:
        connection.request("GET", spec.health_path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass
class Child:
    """One process under watch."""

    handle: ServerHandle
    port: int | None = None
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    state: ProcessState = "starting"
    start_at: float | None = None

    def watch(self, say: Callable[[str], None]) -> None:
        """Notices an end, and starts it again when its time has come. Call often."""
        now = time.monotonic()
        if self.state == "failed" or self.handle.running:
            return
        if self.start_at is None:
            self.start_at = self.policy.next_start(now)
            if self.start_at is None:
                self.state = "failed"
                say(f"{self.handle.name} gave up: it ended {len(self.policy.times)} times within a minute. {self.handle.died()}")
                return
            self.state = "restarting"
            say(f"{self.handle.name} ended with status {self.handle.returncode}; starting it again")
        if now >= self.start_at:
            self.start_at = None
            self.handle.spawn()

    def probe(self) -> None:
        """Asks it how it is."""
        if self.state == "failed" or not self.handle.running:
            return
        if self.handle.ready():
            self.state = "ready"
        elif self.state == "ready":
            self.state = "unwell"

    def status(self) -> ProcessStatus:
        """As shown."""
        return ProcessStatus(self.handle.name, self.handle.pid, self.port, self.state, self.policy.restarts)
