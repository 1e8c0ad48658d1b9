"""Pinned files: a list of SHA-256 sums and Maven repository paths, and the check against it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from chancery_local.errors import PinError

KAFKA_PINS = "kafka-jars.sha256"
EMBEDDING_PINS = "embedding-jars.sha256"


@dataclass(frozen=True)
class Pin:
    """One file: where a Maven repository keeps it, and what its bytes must hash to."""

    path: str
    sha256: str

    @property
    def coordinate(self) -> tuple[str, str, str]:
        """Group, artifact and version, as the repository path spells them."""
        *group, artifact, version, _file = self.path.split("/")
        return ".".join(group), artifact, version


def read_pins(name: str) -> tuple[Pin, ...]:
    """The pin file that this package carries under `name`."""
    return parse_pins(files("chancery_local").joinpath("data", name).read_text(encoding="utf-8"))


def parse_pins(text: str) -> tuple[Pin, ...]:
    """Lines of `<sha256>  <path>`; empty lines and `#` comments are skipped."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(_parse_line(line) for line in lines if line and not line.startswith("#"))


def _parse_line(line: str) -> Pin:
    sha256, _, path = line.partition("  ")
    if len(sha256) != 64 or not path or ".." in path or path.startswith("/"):
        raise PinError(f"The pin file has a line that is not '<sha256>  <path>': {line!r}. Restore it from the release.")
    return Pin(path=path, sha256=sha256)


def sha256_of(path: Path) -> str:
    """The hash of a file, as lower-case hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def verify(path: Path, pin: Pin) -> None:
    """Raise PinError, and remove the file, unless it hashes to its pin."""
    actual = sha256_of(path)
    if actual == pin.sha256:
        return
    path.unlink()
    raise PinError(
        f"{path} has SHA-256 {actual}, but {pin.sha256} is pinned. The file was removed: run the command again to "
        "download it anew. If this repeats, the repository or a proxy serves another file: do not use it."
    )
