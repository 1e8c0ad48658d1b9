"""Names that a leaf and the notes beside the trail may hold: opaque ids, and versions of the registry written as `name@version`."""

import re
from functools import lru_cache

from chancery_contracts.base import Payload, VersionRef

PINNED = ("use_case", "prompt", "model", "redaction_policy")
"""What an event's data may pin a version of."""
NAME_PATTERN = r"[A-Za-z0-9._:-]{1,128}"
VERSIONED_PATTERN = rf"{NAME_PATTERN}(@[1-9][0-9]{{0,8}})?"
MAX_VERSION = 999_999_999
_OPAQUE = re.compile(NAME_PATTERN)


@lru_cache(maxsize=4096)
def is_opaque(name: str) -> bool:
    """True for ids as the contract has them: 1 to 128 letters, digits, `.`, `_`, `:`, `-`. An e-mail address is none."""
    return _OPAQUE.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def versioned(name: str, version: int) -> str | None:
    """`answer@3`; None for what is no name, or no version that anything here counts to."""
    return f"{name}@{version}" if is_opaque(name) and 1 <= version <= MAX_VERSION else None


def leaf_versions(data: Payload) -> dict[str, str | None]:
    """Who asked and which versions were pinned, as a leaf says it. Bounded, whatever the data hold; what does not fit is left out."""
    told: dict[str, str | None] = {}
    for name in _pinned_by(type(data)):
        value = getattr(data, name)
        if isinstance(value, VersionRef):
            told[name] = versioned(value.name, value.version)
        elif name == "actor" and is_opaque(value):
            told[name] = value
    return told


@lru_cache(maxsize=256)
def _pinned_by(kind: type[Payload]) -> tuple[str, ...]:
    return tuple(name for name in ("actor", *PINNED) if name in kind.model_fields)
