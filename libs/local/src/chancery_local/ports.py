"""Choose free loopback ports and remember them, so that a restart keeps its addresses."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from chancery_local.errors import PortTakenError

# Below the kernel's range for outgoing connections (Linux 32768+, macOS 49152+): a client that redials a stopped
# server could otherwise be given that very port as its own and connect to itself.
FIRST_PORT, LAST_PORT = 18_000, 31_999
LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free for a server
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose_free(taken: Iterable[int] = ()) -> int:
    """A free loopback port that is not in `taken`."""
    excluded = set(taken)
    candidates = list(range(FIRST_PORT, LAST_PORT + 1))
    random.shuffle(candidates)
    for port in candidates:
        if port not in excluded and is_free(port):
            return port
    raise PortTakenError(f"No free port between {FIRST_PORT} and {LAST_PORT} on {LOOPBACK}: stop some programs.")


class PortBook:
    """The ports of one home folder by name, kept in a file."""

    def __init__(self, path: Path, fixed: Mapping[str, int] | None = None) -> None:
        self._path = path
        self._fixed = dict(fixed or {})
        self._known = _read(path)
        self._given: dict[str, int] = {}

    def port(self, name: str) -> int:
        """The port of `name`: the fixed one, else the one of last time if still free, else a new one.

        Raises PortTakenError when a fixed port is in use.
        """
        if name not in self._given:
            self._given[name] = self._choose(name)
            self._known[name] = self._given[name]
            self._save()
        return self._given[name]

    def _choose(self, name: str) -> int:
        fixed = self._fixed.get(name)
        if fixed is not None:
            if not is_free(fixed):
                raise PortTakenError(f"Port {fixed}, asked for by {name}, is in use: stop its owner or choose another.")
            return fixed
        known = self._known.get(name)
        if known is not None and known not in self._given.values() and is_free(known):
            return known
        return choose_free({*self._known.values(), *self._given.values(), *self._fixed.values()})

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(self._known, indent=2, sort_keys=True), encoding="utf-8")
        partial.replace(self._path)


def _read(path: Path) -> dict[str, int]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {name: port for name, port in content.items() if isinstance(name, str) and isinstance(port, int)}
