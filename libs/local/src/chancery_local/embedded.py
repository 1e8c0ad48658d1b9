"""Kafka and PostgreSQL as children of the calling process: what a test fixture or a foreground command needs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from chancery_local.artifacts import default_cache
from chancery_local.errors import LocalStackError
from chancery_local.home import Home
from chancery_local.home_lock import HomeLock
from chancery_local.kafka import KafkaOptions, kafka_server
from chancery_local.ports import LOOPBACK, PortBook
from chancery_local.postgres import PostgresOptions, database_url, postgres_server
from chancery_local.progress import Progress, silent
from chancery_local.server import ServerHandle

KAFKA, POSTGRES = "kafka", "postgres"
BOTH = (KAFKA, POSTGRES)


class EmbeddedServers:
    """The servers of one home folder, started together; data and ports are kept from one start to the next."""

    def __init__(
        self,
        home: Home,
        ports: PortBook,
        only: Collection[str] = BOTH,
        cache: Path | None = None,
        progress: Progress = silent,
    ) -> None:
        unknown = set(only) - set(BOTH)
        if unknown:
            raise LocalStackError(f"No such embedded server: {', '.join(sorted(unknown))}. There are: {', '.join(BOTH)}.")
        self._only = tuple(only)
        self._progress = progress
        self._kafka_options = KafkaOptions(
            data_dir=home.path / KAFKA,
            log_path=home.log(KAFKA),
            port=ports.port(KAFKA) if KAFKA in only else 0,
            controller_port=ports.port("kafka-controller") if KAFKA in only else 0,
            cache=cache or default_cache(),
        )
        self._postgres_options = PostgresOptions(
            data_dir=home.path / POSTGRES,
            log_path=home.log(POSTGRES),
            port=ports.port(POSTGRES) if POSTGRES in only else 0,
            password_path=home.path / "postgres.password",
        )
        self._handles: dict[str, ServerHandle] = {}

    @property
    def kafka_bootstrap(self) -> str:
        """`host:port` of the broker."""
        return f"{LOOPBACK}:{self._kafka_options.port}"

    @property
    def database_url(self) -> str:
        """Address of the `chancery` database, password included."""
        return database_url(self._postgres_options)

    @property
    def kafka(self) -> ServerHandle:
        """The broker's process."""
        return self._handles[KAFKA]

    @property
    def postgres(self) -> ServerHandle:
        """The database's process."""
        return self._handles[POSTGRES]

    @property
    def handles(self) -> tuple[ServerHandle, ...]:
        """The processes in the order in which they are to be stopped."""
        return tuple(self._handles[name] for name in BOTH if name in self._handles)

    def start(self) -> None:
        """Start all at once and wait until each serves; stops all again when one fails."""
        makers: dict[str, Callable[[], ServerHandle]] = {
            KAFKA: lambda: kafka_server(self._kafka_options, self._progress),
            POSTGRES: lambda: postgres_server(self._postgres_options, self._progress),
        }
        try:
            with ThreadPoolExecutor(len(BOTH)) as pool:
                list(pool.map(lambda name: self._start_one(name, makers[name]), self._only))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all, Kafka first."""
        for handle in self.handles:
            handle.stop()

    def _start_one(self, name: str, make: Callable[[], ServerHandle]) -> None:
        handle = make()
        self._handles[name] = handle
        handle.start()
        self._progress(f"{name} is ready")

    def __enter__(self) -> EmbeddedServers:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


@contextmanager
def embedded_servers(
    home: Path | None = None,
    only: Collection[str] = BOTH,
    cache: Path | None = None,
    progress: Progress = silent,
) -> Iterator[EmbeddedServers]:
    """Run the servers for the duration of the block; without a `home`, in a temporary folder that is removed after.

    The servers die with this process, even when it is killed. Raises HomeBusyError when the home is in use.
    """
    with ExitStack() as stack:
        folder = home.absolute() if home is not None else _temporary(stack)
        place = Home(folder)
        place.prepare()
        lock = HomeLock(folder)
        lock.acquire(progress)
        stack.callback(lock.release)
        yield stack.enter_context(EmbeddedServers(place, PortBook(place.ports), only, cache, progress))


def _temporary(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chancery-")))
