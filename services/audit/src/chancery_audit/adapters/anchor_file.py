"""Anchor: a folder, a file a checkpoint.

A file and not a line of one: it is the signed note itself, which `chancery audit verify --since` and any tool of C2SP take as it is, it
appears whole or not at all, it is made once and never opened again, and the folder can be one that is written once, mirrored, or read-only
to this service's operator.
"""

import asyncio
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from chancery_contracts.event import Clock
from chancery_ledger.pack_anchors import location

from chancery_audit.errors import AnchorContradicted, AnchorDown
from chancery_audit.ports import Anchored, AnchorKind

THREADS = 4


class FileAnchor:
    """`<folder>/<tenant>/<size>.checkpoint`, readable by all and writable by nobody."""

    kind: AnchorKind = "file"

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, "anchor-file")

    async def publish(self, tenant: str, size: int, note: str) -> Anchored:
        """Raises AnchorDown where the folder cannot be written, AnchorContradicted where it has another note of that size."""
        target = self._folder / tenant / f"{size:012d}.checkpoint"
        at = self._clock()
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, write_once, target, note.encode())
        except OSError as exc:
            raise AnchorDown(f"the folder of the file anchor: {exc.strerror or type(exc).__name__}") from exc
        return Anchored(at, location(note, path=f"{tenant}/{target.name}"))


def write_once(target: Path, data: bytes) -> None:
    """Written and synced beside its place, then linked to it: a link never replaces what is there. Raises OSError, AnchorContradicted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(handle, 0o444)
            os.fsync(handle)
        with suppress(FileExistsError):
            os.link(partial, target)
    finally:
        os.unlink(partial)  # noqa: PTH108  # the path of a temporary file is text
    _sync_folder(target.parent)
    if target.read_bytes() != data:
        raise AnchorContradicted(f"the folder holds another checkpoint of this size: {target.parent.name}/{target.name}")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
