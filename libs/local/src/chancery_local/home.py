"""The home folder of one stack: where its data, logs, ports and secrets are."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from chancery_local.errors import DiskFullError, UnknownLogError

MINIMUM_FREE_BYTES = 1 << 30


def default_home() -> Path:
    """`CHANCERY_HOME`, or `.chancery` in the current folder."""
    return Path(os.environ.get("CHANCERY_HOME") or ".chancery").absolute()


@dataclass(frozen=True)
class Home:
    """The places in a home folder."""

    path: Path

    @property
    def state(self) -> Path:
        """What the supervisor last said about itself and its children."""
        return self.path / "state.json"

    @property
    def options(self) -> Path:
        """What the supervisor was asked to run; it may hold a database password."""
        return self.path / "options.json"

    @property
    def ports(self) -> Path:
        """The ports by name."""
        return self.path / "ports.json"

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.path / "logs"

    def log(self, name: str) -> Path:
        """The log of one child; the name may not lead out of the folder."""
        if not name or Path(name).name != name:
            raise UnknownLogError(f"{name!r} is not the name of a log.")
        return self.logs / f"{name}.log"

    def prepare(self, minimum_free_bytes: int = MINIMUM_FREE_BYTES) -> None:
        """Make the folder; raises DiskFullError when less than `minimum_free_bytes` are free on its disk."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True)
        free = shutil.disk_usage(self.path).free
        if free < minimum_free_bytes:
            raise DiskFullError(
                f"Only {free >> 20} MiB are free on the disk of {self.path}; {minimum_free_bytes >> 20} MiB are needed. "
                "Free some space, or choose another disk with CHANCERY_HOME."
            )


def write_secret_file(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner can read it."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    partial.replace(path)
