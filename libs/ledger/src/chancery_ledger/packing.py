"""The evidence pack as a file: a zip that has one spelling, and a manifest that the log's key signs. See PACK.md.

Written as a stream. Read by writing it again and comparing: whatever the zip format would let somebody change unseen (times, comments,
gaps, names, order, trailing bytes) makes another file than the one that is written here.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO, cast

from chancery_ledger.base64s import decimal
from chancery_ledger.errors import Malformed
from chancery_ledger.pack_faults import PackFault, Reason

FORMAT = "chancery-evidence-pack/v1"
MANIFEST = "manifest"
MAX_FILE_BYTES = 64 * 1024 * 1024
"""No file of a pack is longer, so that one at a time fits into memory and none needs zip64."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the manifest."""

    name: str
    size: int
    sha256: str


@dataclass
class Manifest:
    """What is signed: the format, the log's origin, and every file in order. Its second line makes it no checkpoint of any log."""

    origin: str
    files: list[Listed] = field(default_factory=list)

    def add(self, name: str, data: bytes) -> None:
        """The next file."""
        self.files.append(Listed(name, len(data), sha256(data).hexdigest()))

    def text(self) -> str:
        """A note's text."""
        lines = [FORMAT, f"log {self.origin}", *(f"{one.sha256} {one.size} {one.name}" for one in self.files)]
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Manifest":
        """Raises Malformed for any other spelling than that of `text`."""
        lines = text.split("\n")
        if len(lines) < 3 or lines[0] != FORMAT or not lines[1].startswith("log "):
            raise Malformed("not a manifest")
        found = cls(lines[1].removeprefix("log "))
        for line in lines[2:-1]:
            parts = line.split(" ", 2)
            if len(parts) != 3 or len(parts[0]) != 64:
                raise Malformed("not a manifest")
            found.files.append(Listed(parts[2], decimal(parts[1]), parts[0]))
        if found.text() != text:
            raise Malformed("not a manifest")
        return found


class _Outbox:
    """Takes what zipfile writes; it cannot seek, so zipfile streams."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing lies elsewhere."""

    def take(self) -> bytes:
        taken = b"".join(self._waiting)
        self._waiting.clear()
        return taken


class Container:
    """Writes the zip: stored, one time stamp, no extras. Each call gives the bytes that are ready to be sent."""

    def __init__(self) -> None:
        self._outbox = _Outbox()
        self._zip = zipfile.ZipFile(cast("BinaryIO", self._outbox), "w", zipfile.ZIP_STORED)

    def add(self, name: str, data: bytes) -> bytes:
        """Raises PackFault for a file that is too long."""
        if len(data) > MAX_FILE_BYTES:
            raise PackFault(Reason.FILE_TOO_LONG, name)
        entry = zipfile.ZipInfo(name)  # 1980-01-01, the format's zero
        entry.create_system = 3  # or it would say on which system it was written
        entry.external_attr = 0o644 << 16
        self._zip.writestr(entry, data)
        return self._outbox.take()

    def close(self) -> bytes:
        """The directory at the end."""
        self._zip.close()
        return self._outbox.take()


class PackFile:
    """A pack on its way in: `files` reads it once, from front to back, and refuses any byte that `Container` would not have written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, UnicodeDecodeError) as exc:
            raise PackFault(Reason.NOT_A_PACK) from exc
        self.names = [one.filename for one in self._zip.infolist()]
        self._at = 0

    def read(self, name: str) -> bytes:
        """One file. Raises PackFault."""
        try:
            if self._zip.getinfo(name).file_size > MAX_FILE_BYTES:
                raise PackFault(Reason.FILE_TOO_LONG, name)
            return self._zip.read(name)
        except KeyError as exc:
            raise PackFault(Reason.FILE_MISSING, name) from exc
        except (zipfile.BadZipFile, ValueError, EOFError, RuntimeError, NotImplementedError, OSError, OverflowError) as exc:
            raise PackFault(Reason.FILE_UNREADABLE, name) from exc

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file in order, its place in the container checked. Raises PackFault."""
        container = Container()
        for name in self.names:
            data = self.read(name)
            yield name, data
            self._compare(container.add(name, data), name)
        self._compare(container.close(), "the directory at the end")
        self._file.seek(self._at)
        if self._file.read(1):
            raise PackFault(Reason.CONTAINER_CHANGED, "after the end")

    def _compare(self, expected: bytes, where: str) -> None:
        self._file.seek(self._at)
        if self._file.read(len(expected)) != expected:
            raise PackFault(Reason.CONTAINER_CHANGED, where)
        self._at += len(expected)
