"""As whom a command speaks to the registry: `--as`, else `CHANCERY_REGISTRY_KEY`, else the local stack's person for such a command.

The local stack has one key a role (`registry-keys.json` in its home, 0600), each under a name of its own: four eyes are two people.
"""

import json
import os
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Literal, get_args

import httpx
import typer
from chancery_contracts.governance import RegistryEnvironment
from chancery_local.home import write_secret_file

from chancery_cli.connection import Connection, connect
from chancery_cli.errors import CommandFailed
from chancery_cli.identity import granted, is_known
from chancery_cli.registry.api import Registry

Person = Literal["author", "operator", "prompt_owner", "model_risk", "compliance", "finance"]
PERSONS: tuple[Person, ...] = get_args(Person)
ROLES: dict[Person, list[str]] = {"operator": ["operator", "author"]}
"""More than the one that a person is called by: whoever applies with `--activate` drafts, too."""
TIMEOUT_S = 30
_ACTING: ContextVar[Person | None] = ContextVar("acting", default=None)


def act_as(role: Annotated[Person | None, typer.Option("--as", help="One of the local stack's people, by their role.")] = None) -> None:
    """Prompts, models, use cases, policies: versions, approvals, what is live when."""
    _ACTING.set(role)


def registry(person: Person = "author", environment: RegistryEnvironment = "production") -> Registry:
    """The registry, as seen by who acts; `person`: who does such things where nobody is named. Raises CommandFailed."""
    given, address = os.environ.get("CHANCERY_REGISTRY_KEY"), os.environ.get("CHANCERY_REGISTRY_URL")
    if given and address and _ACTING.get() is None:  # as in CI: no stack is at hand, and none is needed
        return _speaking(address, given, environment)
    connection = connect()
    if not connection.urls["registry"]:
        raise CommandFailed("no registry service runs here: see `chancery status`, or set CHANCERY_REGISTRY_URL")
    acting = _ACTING.get() or (None if given else person)
    return _speaking(connection.urls["registry"], given if acting is None and given else _local(connection, acting or person), environment)


def prepare_registry_keys(connection: Connection) -> None:
    """Makes what keys are missing, and anew those that are not known any more. Raises CommandFailed."""
    if connection.home is None:
        return
    for person in PERSONS:
        known = _keys(connection.home).get(person)
        if known is None or not is_known(connection, known):
            _make(connection, connection.home, person)


def _local(connection: Connection, person: Person) -> str:
    """Elsewhere than at the local stack there is only the operator token, which drafts and approves nothing."""
    if connection.home is None:
        if _ACTING.get() is not None:
            raise CommandFailed(f"there is no local {person} here: set CHANCERY_REGISTRY_KEY to a key that was granted")
        return connection.operator_token
    return _keys(connection.home).get(person) or _make(connection, connection.home, person)


def _make(connection: Connection, folder: Path, person: Person) -> str:
    key = granted(connection, {"name": f"local-{person.replace('_', '-')}", "registry_roles": ROLES.get(person, [person])})
    write_secret_file(_file(folder), json.dumps(_keys(folder) | {person: key}, indent=2))
    return key


def _keys(folder: Path) -> dict[str, str]:
    path = _file(folder)
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def _file(folder: Path) -> Path:
    return folder / "registry-keys.json"


def _speaking(address: str, key: str, environment: RegistryEnvironment) -> Registry:
    return Registry(httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_S), environment)
