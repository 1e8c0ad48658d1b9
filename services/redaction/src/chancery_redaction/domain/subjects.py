"""Data subjects: whose value is whose, inside one scope. A subject goes by the hash of its first value."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Asked:
    """A value of a request by its hash, and the hash of the value whose subject it shares: its own, unless it stands for a fuller one."""

    entity_type: str
    text: str
    digest: bytes
    root: bytes


def subject_id(digest: bytes, life: int = 0) -> str:
    """The first half of the hash of the first value, in hex. Once erased, the same value begins another life under another id."""
    source = digest if life == 0 else hashlib.sha256(b"subject" + digest + life.to_bytes(4, "big")).digest()
    return source[:ID_BYTES].hex()


def with_roots(values: Sequence[tuple[str, str, str | None]], digest_of: Callable[[str, str], bytes]) -> list[Asked]:
    """Of (type, text, fuller text or None). Of two equal values the first says whose they are."""
    fuller: dict[tuple[str, str], str | None] = {}
    for kind, text, of in values:
        fuller.setdefault((kind, text), of)
    kinds = {text: kind for kind, text in reversed(fuller)}
    asked = []
    for (kind, text), of in fuller.items():
        digest, root = digest_of(kind, text), (kind, text) if of is None else _root((kind, text), fuller, kinds)
        asked.append(Asked(kind, text, digest, digest if root == (kind, text) else digest_of(*root)))
    return asked


def _root(value: tuple[str, str], fuller: Mapping[tuple[str, str], str | None], kinds: Mapping[str, str]) -> tuple[str, str]:
    """Follows "stands for"; a circle ends where it began. The fuller value is of the same type, unless the request has it as another."""
    seen = {value}
    while (of := fuller.get(value)) is not None:
        value = (value[0], of) if (value[0], of) in fuller else (kinds.get(of, value[0]), of)
        if value in seen:
            break
        seen.add(value)
    return value
