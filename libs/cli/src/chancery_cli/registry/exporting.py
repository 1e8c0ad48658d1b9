"""The registry's entries as files in a folder: applied again, they change nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chancery_contracts.bodies import BODIES
from chancery_contracts.governance import GovernedKind

from chancery_cli.errors import CommandFailed
from chancery_cli.registry.naming import Thing
from chancery_cli.registry.references import changed
from chancery_cli.registry.yaml_text import FileText, dump_yaml

SHARED = "shared"
TEXTS: dict[GovernedKind, tuple[str, ...]] = {"prompt": ("system", "user")}
"""Fields that are texts of their own, by kind."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One version of a thing."""

    thing: Thing
    version: int
    body: dict[str, Any]


def files_of(entries: Iterable[Exported], *, pins: bool) -> dict[str, str]:
    """Contents by path. `pins`: references keep their versions; else one to what is exported beside follows whatever that becomes."""
    kept = list(entries)
    beside = {} if pins else {one.thing: one.version for one in kept}
    files: dict[str, str] = {}
    for one in kept:
        files |= _files(one, _unpinned(one, beside))
    return files


def write_files(folder: Path, files: dict[str, str], *, overwrite: bool) -> int:
    """How many were written. Raises CommandFailed, before any is, where one would change that is there."""
    changed_ones = {name: text for name, text in files.items() if not _holds(folder / name, text)}
    there = [name for name in changed_ones if (folder / name).exists()]
    if there and not overwrite:
        raise CommandFailed(f"{folder / there[0]} has other contents (and {len(there) - 1} more): commit them, then --overwrite")
    for name, text in changed_ones.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return len(changed_ones)


def _files(one: Exported, body: dict[str, Any]) -> dict[str, str]:
    thing = one.thing
    texts = {key: body[key] for key in TEXTS.get(thing.kind, ()) if isinstance(body.get(key), str) and "\r" not in body[key]}
    place = f"{thing.tenant}/{thing.kind}/{thing.name}"
    shown = {key: FileText(body[key], f"{key}.jinja") if key in texts else body[key] for key in _keys(thing, body)}
    entry = {"kind": thing.kind, "name": thing.name, "tenant": thing.tenant, "body": shown}
    yaml_path = f"{place}/{thing.kind}.yaml" if texts else f"{place}.yaml"
    return {yaml_path: dump_yaml([entry])} | {f"{place}/{key}.jinja": f"{text}\n" for key, text in texts.items()}


def _unpinned(one: Exported, beside: dict[Thing, int]) -> dict[str, Any]:
    def without(kind: GovernedKind, ref: dict[str, Any]) -> dict[str, Any]:
        own, shared = (Thing(tenant, kind, str(ref.get("name"))) for tenant in (one.thing.tenant, SHARED))
        follows = ref.get("version") == beside.get(own if own in beside else shared)
        return {key: value for key, value in ref.items() if key != "version"} if follows else ref

    return changed(one.thing, one.body, without)


def _keys(thing: Thing, body: dict[str, Any]) -> list[str]:
    """As the contract orders them. Hashes of API keys stay where they are."""
    known = list(BODIES[thing.kind].model_fields)
    secret = "api_key_sha256" if thing.kind == "tenant" else None
    return sorted((key for key in body if key != secret), key=lambda key: known.index(key) if key in known else len(known))


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()
