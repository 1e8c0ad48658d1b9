"""Registry entries as files in a folder: what somebody wants the registry to hold."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chancery_contracts.bodies import BODIES
from chancery_contracts.governance import Evidence
from chancery_contracts.identifiers import identifier_in
from pydantic import ValidationError

from chancery_cli.errors import CommandFailed
from chancery_cli.registry.naming import APPLIED, Thing, kind_of
from chancery_cli.registry.origin import Repository, repository
from chancery_cli.registry.references import with_versions
from chancery_cli.registry.yaml_text import FileText, load_yaml

FIELDS = frozenset({"kind", "name", "tenant", "version", "body", "comment", "evidence", "effective_from", "author"})


class Unfit(ValueError):
    """What a file holds is no entry: the message says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One entry of a file. `body` may refer to things without saying which version."""

    thing: Thing
    body: dict[str, Any]
    file: str
    version: int | None = None
    comment: str = ""
    origin: str | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    root: Path
    tenant: str | None
    repository: Repository | None

    def origin(self, *files: str) -> str | None:
        """Of the YAML file, unless a text beside it is not committed."""
        if self.repository is None:
            return None
        beside = [self.repository.origin(self.path.parent / name) for name in files]
        return next((one for one in beside if "@" not in one), self.repository.origin(self.path))


def read_folder(folder: Path, tenant: str | None) -> list[Wanted]:
    """The newest wanted version of each thing, in the order of applying. `tenant` is of entries that name none. Raises CommandFailed."""
    root, tree = (folder if folder.is_dir() else folder.parent), repository(folder if folder.is_dir() else folder.parent)
    found: dict[Thing, Wanted] = {}
    for path in sorted(folder.rglob("*.yaml")) if folder.is_dir() else [folder]:
        for wanted in _entries(_Source(path, root, tenant, tree)):
            other = found.get(wanted.thing)
            if other is not None and (other.version is None or wanted.version is None or other.version == wanted.version):
                raise CommandFailed(f"{wanted.thing} stands in {other.file} and in {wanted.file}: give each a version, or remove one")
            if other is None or (wanted.version or 0) > (other.version or 0):
                found[wanted.thing] = wanted
    if not found:
        raise CommandFailed(f"no entries in {folder}: they are *.yaml files, lists of kind, name, tenant and body")
    return sorted(found.values(), key=lambda one: (APPLIED.index(one.thing.kind), one.thing))


def _entries(source: _Source) -> Iterator[Wanted]:
    shown = source.path.relative_to(source.root).as_posix()
    try:
        items = load_yaml(source.path, source.root) or []
        for number, item in enumerate(items if isinstance(items, list) else [items], start=1):
            shown = f"{source.path.relative_to(source.root).as_posix()}, entry {number}"
            yield _entry(item, source, shown)
    except (ValueError, OSError) as exc:
        raise CommandFailed(f"{shown}: {exc}") from exc


def _entry(item: Any, source: _Source, shown: str) -> Wanted:
    if not isinstance(item, dict) or not {"kind", "name", "body"} <= item.keys():
        raise Unfit("an entry has kind, name, tenant and body")
    if unknown := sorted(item.keys() - FIELDS):
        raise Unfit(f"unknown: {', '.join(unknown)}")
    tenant = item.get("tenant") or source.tenant
    if not isinstance(tenant, str):
        raise Unfit("say whose it is: `tenant: NAME` in the entry, or --tenant")
    if not isinstance(item["name"], str) or not identifier_in(item["name"]):
        raise Unfit("a name has letters, digits, `.`, `_`, `:` and `-`")
    thing, body = Thing(tenant, kind_of(str(item["kind"])), item["name"]), item["body"]
    check_body(thing, body)
    wanted = Wanted(thing, body, shown, _version(item), str(item.get("comment") or ""), source.origin(*_files(body)))
    return replace(wanted, evidence=tuple(_evidence(item.get("evidence") or [], source)))


def check_body(thing: Thing, body: Any) -> None:
    """Whether it is a body of its kind: what the registry would refuse is known before. Raises Unfit that says which field."""
    if not isinstance(body, dict):
        raise Unfit("`body` is a mapping")
    model = BODIES[thing.kind]
    if unknown := sorted(body.keys() - model.model_fields.keys()):
        raise Unfit(f"a {thing.kind} has no {', '.join(unknown)}; it has {', '.join(model.model_fields)}")
    try:
        model.model_validate(with_versions(thing, body, lambda _kind, _name: 1))
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        raise Unfit(f"body.{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from exc


def _version(item: dict[str, Any]) -> int | None:
    version = item.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 1):
        raise Unfit("`version` is a number from 1 on; or leave it out")
    return version


def _evidence(items: Iterable[Any], source: _Source) -> Iterator[Evidence]:
    """`file` names a file beside the entry: what is attached is its hash, and where it lies."""
    for item in items:
        stated = dict(item)
        if name := stated.pop("file", None):
            path = source.path.parent / str(name)
            stated["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
            stated.setdefault("uri", source.repository.origin(path) if source.repository else str(name))
        yield Evidence.model_validate(stated)


def _files(value: Any) -> list[str]:
    """Which texts of a body lie in files of their own."""
    if isinstance(value, FileText):
        return [value.path]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [name for one in inside for name in _files(one)]
