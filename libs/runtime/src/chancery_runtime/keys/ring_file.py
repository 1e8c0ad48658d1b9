"""The keyring's file, which every service of a machine shares: read again when it has changed, changed by one process at a time."""

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from chancery_runtime.errors import KeyServiceDown, StartupFailed
from chancery_runtime.keys.ring import Ring, dump, parse
from chancery_runtime.keys.sealing import new_key

LOCK_WAIT_S = 10.0
Change = Callable[[Ring], Ring]


class Rings(Protocol):
    """Where a keyring lies."""

    def read(self) -> Ring:
        """As it is now. Raises KeyServiceDown."""
        ...

    def change(self, change: Change) -> Ring:
        """Applied to what is there now, and kept for good once this returns. Raises KeyServiceDown. Blocks."""
        ...


class MemoryRings:
    """Gone with the process: for tests."""

    def __init__(self, root: bytes) -> None:
        self._ring = Ring(root)
        self._lock = threading.Lock()

    def read(self) -> Ring:
        """As it is."""
        return self._ring

    def change(self, change: Change) -> Ring:
        """One after the other: changes come from threads."""
        with self._lock:
            self._ring = change(self._ring)
            return self._ring


class RingFile:
    """Mode 0600. Written whole to a second file, which takes its place once it is on the disk: a reader sees the one or the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._ring: Ring | None = None

    @classmethod
    def open(cls, path: Path) -> "RingFile":
        """Makes the file if there is none, safe against another process doing so. Raises StartupFailed."""
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            raise StartupFailed(f"the keyring {path.name} can be read by others: chmod 600 it")
        found = cls(path)
        found._ring, found._seen = parse(path.read_text("utf-8"), path.name), None
        return found

    def read(self) -> Ring:
        """A call of `stat` where nothing has changed."""
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_ino, status.st_size)
            if self._ring is None or seen != self._seen:
                self._ring, self._seen = parse(self._path.read_text("utf-8"), self._path.name), seen
        except (OSError, StartupFailed) as exc:
            raise KeyServiceDown(f"the keyring {self._path.name} cannot be read: {type(exc).__name__}") from exc
        return self._ring

    def change(self, change: Change) -> Ring:
        """Under a lock that the kernel takes from a process that dies; a change that gives the same ring writes nothing."""
        try:
            with _locked(self._path.with_name(self._path.name + ".lock")):
                before = parse(self._path.read_text("utf-8"), self._path.name)
                after = change(before)
                if after != before:
                    _replace(self._path, dump(after))
                return after
        except (OSError, StartupFailed) as exc:
            raise KeyServiceDown(f"the keyring {self._path.name} cannot be changed: {type(exc).__name__}") from exc


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """On a file of its own: the keyring's is another one after each change."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    temporary = _written_beside(path, text)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _written_beside(path, dump(Ring(new_key())))
    try:
        # Fails if another process was first, and then its key is the one.
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
    _sync_folder(path.parent)


def _written_beside(path: Path, text: str) -> Path:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
