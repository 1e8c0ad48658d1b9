"""Log files of the children: rotation by size when one is opened, and their last lines."""

from __future__ import annotations

from pathlib import Path

ROTATE_BYTES = 5 * 1024 * 1024
KEPT_GENERATIONS = 3
TAIL_BYTES = 16 * 1024


def rotate(path: Path, limit_bytes: int = ROTATE_BYTES) -> None:
    """Move a log that has grown past the limit to `.1`, the older ones one further; the oldest goes."""
    if not path.exists() or path.stat().st_size < limit_bytes:
        return
    for generation in range(KEPT_GENERATIONS - 1, 0, -1):
        older = path.with_name(f"{path.name}.{generation}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{generation + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log; an empty string when there is none."""
    try:
        with path.open("rb") as handle:
            handle.seek(0, 2)
            handle.seek(max(0, handle.tell() - TAIL_BYTES))
            return "\n".join(handle.read().decode("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
