"""The supervisor: starts the servers, provisions, starts the services, keeps all running, stops them in order.

Its children die with it, even when it is killed with -9 (`spawn`). `python -m chancery_local.supervisor HOME`.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chancery_local.children import Child, service_handle
from chancery_local.embedded import BOTH, KAFKA, POSTGRES, EmbeddedServers
from chancery_local.errors import LocalStackError, StackFailedError
from chancery_local.home import Home, write_secret_file
from chancery_local.home_lock import HomeLock
from chancery_local.log_files import tail
from chancery_local.ports import PortBook
from chancery_local.spawn import Launch, spawn
from chancery_local.stack import ServiceSpec, StackAddresses, StackDefinition, chancery_stack
from chancery_local.state import StackState, Status, write_state

WATCH_EVERY_S = 0.1
PROBE_EVERY_S = 0.5
PROBE_WELL_EVERY_S = 2.0
"""While all are ready. One that dies is noticed at once."""
PROVISION_TIMEOUT_S = 120.0


class Supervisor:
    """One stack in one home folder. External servers are taken from the environment."""

    def __init__(self, home: Home, definition: StackDefinition) -> None:
        self._home = home
        self._definition = definition
        self._ports = PortBook(home.ports)
        self._children: list[Child] = []
        self._message = "starting"
        self._launched = False
        self._stopping = threading.Event()
        external = {KAFKA: os.environ.get("CHANCERY_KAFKA_BOOTSTRAP"), POSTGRES: os.environ.get("CHANCERY_DATABASE_URL")}
        self._external = {name: value for name, value in external.items() if value}
        self._servers: EmbeddedServers | None = None

    def run(self) -> None:
        """Blocks until SIGTERM or SIGINT. Raises LocalStackError when the stack does not come up."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        lock = HomeLock(self._home.path)
        lock.acquire(self._say)
        try:
            self._start()
            self._watch()
            self._say("stopping")
        except LocalStackError as exc:
            self._message = str(exc)
            self._write("failed")
            raise
        finally:
            self._stop()
            lock.release()
        self._write("stopped")

    def _start(self) -> None:
        self._definition.prepare(self._say)
        embedded = tuple(name for name in BOTH if name not in self._external)
        self._servers = EmbeddedServers(self._home, self._ports, embedded, progress=self._say)
        self._say("starting Kafka and PostgreSQL")
        self._servers.start()
        self._children = [Child(handle, state="ready") for handle in self._servers.handles]
        addresses = StackAddresses(self._bootstrap, self._database_url, self._home.path, self._token(), self._ports.port)
        self._write("starting")
        provision = self._definition.provision(addresses)
        if provision is not None:
            self._say("making topics and registry entries")
            self._run_once(provision)
        specs = self._definition.services(addresses)
        self._say(f"starting {len(specs)} services")
        for spec in specs:
            child = Child(service_handle(spec, self._home.log(spec.name)), spec.port)
            self._children.append(child)
            child.handle.spawn()
        self._launched = True

    def _run_once(self, spec: ServiceSpec) -> None:
        log_path = self._home.log(spec.name)
        process = spawn(Launch(spec.argv, spec.environment, log_path, Path.cwd()))
        try:
            code = process.wait(PROVISION_TIMEOUT_S)
        except subprocess.TimeoutExpired as exc:
            process.kill()
            raise StackFailedError(f"{spec.name} did not end within {PROVISION_TIMEOUT_S:.0f} s:\n{tail(log_path)}") from exc
        if code != 0:
            raise StackFailedError(f"{spec.name} failed:\n{tail(log_path)}")

    def _watch(self) -> None:
        """Restarts at once; probes now and then, side by side, so that one that hangs delays nothing."""
        with ThreadPoolExecutor(len(self._children), thread_name_prefix="probe") as pool:
            pending: list[object] = []
            next_look = probed = 0.0
            while not self._stopping.wait(WATCH_EVERY_S):
                for child in self._children:
                    child.watch(self._say)
                now = time.monotonic()
                if now >= next_look and all(getattr(one, "done")() for one in pending):  # noqa: B009  # futures
                    if self._status() != "ready" or now >= probed + PROBE_WELL_EVERY_S:
                        pending = [pool.submit(child.probe) for child in self._children]
                        probed = now
                    next_look = now + PROBE_EVERY_S
                    self._write(self._status())

    def _status(self) -> Status:
        states = {child.state for child in self._children}
        if "failed" in states:
            return "failed"
        return "ready" if self._launched and not states & {"starting", "restarting"} else "starting"

    def _stop(self) -> None:
        """Services first, all at once, then Kafka, then PostgreSQL."""
        servers = set(self._servers.handles) if self._servers is not None else set()
        services = [child.handle for child in self._children if child.handle not in servers]
        if services:
            with ThreadPoolExecutor(len(services)) as pool:
                list(pool.map(lambda handle: handle.stop(), services))
        if self._servers is not None:
            self._servers.stop()
        self._children = []

    @property
    def _bootstrap(self) -> str:
        return self._external.get(KAFKA) or self._embedded.kafka_bootstrap

    @property
    def _database_url(self) -> str:
        return self._external.get(POSTGRES) or self._embedded.database_url

    @property
    def _embedded(self) -> EmbeddedServers:
        assert self._servers is not None
        return self._servers

    def _token(self) -> str:
        path = self._home.path / "operator.token"
        given = os.environ.get("CHANCERY_OPERATOR_TOKEN")
        if given or not path.is_file():
            write_secret_file(path, given or secrets.token_urlsafe(32))
        return path.read_text(encoding="utf-8").strip()

    def _say(self, message: str) -> None:
        self._message = message
        print(f"{time.strftime('%H:%M:%S')} {message}", flush=True)  # noqa: T201  # the supervisor's own log
        if not self._stopping.is_set() and self._servers is not None:
            self._write(self._status() if self._children else "starting")

    def _write(self, status: Status) -> None:
        known = self._servers is not None and bool(self._children)
        processes = tuple(child.status() for child in self._children)
        bootstrap, url = (self._bootstrap, self._database_url) if known else ("", "")
        try:
            write_state(self._home, StackState(status, os.getpid(), self._message, bootstrap, url, processes))
        except OSError as exc:  # a full disk must not end the processes that still run
            print(f"cannot write {self._home.state}: {exc}", flush=True)  # noqa: T201  # the supervisor's own log


def main() -> None:
    """Runs the product's stack in the folder that the first argument names."""
    home = Home(Path(sys.argv[1]).absolute())
    home.prepare()
    try:
        Supervisor(home, chancery_stack()).run()
    except LocalStackError as exc:
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
