"""How long-running steps tell a person what they do."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]


def silent(_message: str) -> None:
    """The progress callback for callers who do not care."""
