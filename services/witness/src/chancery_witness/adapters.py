"""What a witness keeps: its key, and the last checkpoint of each log."""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from chancery_ledger import AddCheckpoint, Checkpoint, accept
from chancery_ledger.notes import Verifier
from chancery_ledger.witnessing import origin_of
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def load_key(folder: Path) -> Ed25519PrivateKey:
    """The witness' own key; made at the first start, of mode 0600. Raises OSError, ValueError."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "key"
    if not file.exists():
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as opened:
            opened.write(Ed25519PrivateKey.generate().private_bytes_raw())
            opened.flush()
            os.fsync(opened.fileno())
    return Ed25519PrivateKey.from_private_bytes(file.read_bytes())


class Memory:
    """SQLite: on disk before `take` returns, and one at a time."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE IF NOT EXISTS seen (origin TEXT PRIMARY KEY, checkpoint TEXT NOT NULL)")

    def take(self, request: AddCheckpoint, logs: Sequence[Verifier]) -> Checkpoint:
        """The checkpoint to cosign, now remembered. Raises WitnessRefusal."""
        origin = origin_of(request.note)
        self._connection.execute("BEGIN IMMEDIATE")
        with self._connection:  # commits, or rolls back whatever was raised
            row = self._connection.execute("SELECT checkpoint FROM seen WHERE origin = ?", (origin,)).fetchone()
            checkpoint = accept(request, logs, Checkpoint.parse(row[0]) if row else None)
            self._connection.execute("INSERT OR REPLACE INTO seen (origin, checkpoint) VALUES (?, ?)", (origin, checkpoint.text()))
        return checkpoint

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()
