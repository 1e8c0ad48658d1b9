"""What a keyring holds: a root, from which keys of hashes are derived, and random wrapping keys by tenant, lineage and version."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from chancery_runtime.errors import StartupFailed
from chancery_runtime.keys.sealing import KEY_BYTES, new_key


@dataclass(frozen=True)
class Lineage:
    """Versions from `oldest` to `current`. `oldest` 0: what the root wrapped, before there were versions, still opens."""

    current: int = 0
    oldest: int = 0
    keys: Mapping[int, bytes] = field(default_factory=dict)
    made_at: datetime | None = None

    def with_new(self, now: datetime) -> "Lineage":
        """One version more."""
        return replace(self, current=self.current + 1, keys={**self.keys, self.current + 1: new_key()}, made_at=now)

    def without(self, version: int) -> "Lineage":
        """Nothing below this version any more."""
        oldest = max(self.oldest, min(version, self.current))
        return replace(self, oldest=oldest, keys={number: key for number, key in self.keys.items() if number >= oldest})


@dataclass(frozen=True)
class Ring:
    """Lineages by `<lineage>/<tenant>`."""

    root: bytes
    lineages: Mapping[str, Lineage] = field(default_factory=dict)

    def lineage(self, name: str) -> Lineage:
        """An empty one where nothing was wrapped yet."""
        return self.lineages.get(name, Lineage())

    def having(self, name: str, lineage: Lineage) -> "Ring":
        """With this one in its place."""
        return replace(self, lineages={**self.lineages, name: lineage})


def dump(ring: Ring) -> str:
    """As text. Releases before this one read its root, and nothing else."""
    lineages = {
        name: {
            "current": one.current, "oldest": one.oldest, "made_at": one.made_at.isoformat() if one.made_at else None,
            "keys": {str(version): base64.b64encode(key).decode() for version, key in one.keys.items()},
        }
        for name, one in ring.lineages.items()
    }  # fmt: skip
    return json.dumps({"format": 2, "root": base64.b64encode(ring.root).decode(), "lineages": lineages})


def parse(text: str, name: str) -> Ring:
    """From text, also of releases that knew a root only. Raises StartupFailed."""
    try:
        document = json.loads(text)
        ring = Ring(_key(document["root"]), {one: _lineage(held) for one, held in document.get("lineages", {}).items()})
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise StartupFailed(f"the keyring {name} is not readable as one; restore it from its backup") from exc
    lengths = {len(ring.root)} | {len(key) for one in ring.lineages.values() for key in one.keys.values()}
    if lengths != {KEY_BYTES}:
        raise StartupFailed(f"the keyring {name} holds a key of the wrong length")
    return ring


def _lineage(held: Mapping[str, str | int | dict[str, str] | None]) -> Lineage:
    made_at, keys, current, oldest = held["made_at"], held["keys"], held["current"], held["oldest"]
    if not isinstance(keys, dict) or not isinstance(current, int) or not isinstance(oldest, int):
        raise TypeError("not a lineage")
    made = datetime.fromisoformat(made_at) if isinstance(made_at, str) else None
    found = {int(version): _key(key) for version, key in keys.items()}
    if set(found) != set(range(max(oldest, 1), current + 1)):
        raise ValueError("versions are missing")
    return Lineage(current, oldest, found, made)


def _key(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
