"""References from one governed thing to another, inside bodies: which there are, and their versions where a file leaves them out."""

from collections.abc import Callable, Iterator
from typing import Any

from chancery_contracts.governance import GovernedKind

from chancery_cli.registry.naming import Thing

_FIELDS: dict[GovernedKind, dict[str, GovernedKind]] = {
    "use_case": {"prompt": "prompt", "model": "model", "redaction_policy": "redaction_policy"},
    "experiment": {"prompt": "prompt", "model": "model"},
}
Versions = Callable[[GovernedKind, str], int]
Change = Callable[[GovernedKind, dict[str, Any]], dict[str, Any]]


def with_versions(thing: Thing, body: dict[str, Any], version_of: Versions) -> dict[str, Any]:
    """The body with a version in every reference: the stated one, else `version_of` its kind and name."""

    def stated(kind: GovernedKind, ref: dict[str, Any]) -> dict[str, Any]:
        return ref if "version" in ref or not isinstance(ref.get("name"), str) else ref | {"version": version_of(kind, ref["name"])}

    return changed(thing, body, stated)


def references(thing: Thing, body: dict[str, Any]) -> Iterator[tuple[GovernedKind, dict[str, Any]]]:
    """Every reference of a body, with its kind."""
    found: list[tuple[GovernedKind, dict[str, Any]]] = []
    changed(thing, body, lambda kind, ref: found.append((kind, ref)) or ref)  # type: ignore[func-returns-value]
    return iter(found)


def changed(thing: Thing, body: dict[str, Any], change: Change) -> dict[str, Any]:
    """A copy of the body, its references changed."""
    fields = _FIELDS.get(thing.kind, {})
    made = {key: change(fields[key], value) if key in fields and isinstance(value, dict) else value for key, value in body.items()}
    for key, value in made.items():
        if thing.kind == "experiment" and key == "variants" and isinstance(value, list):
            made[key] = [changed(Thing(thing.tenant, thing.kind, ""), one, change) if isinstance(one, dict) else one for one in value]
    routing = made.get("routing")
    if thing.kind == "use_case" and isinstance(routing, dict) and isinstance(routing.get("fallbacks"), list):
        fallbacks = [change("model", one) if isinstance(one, dict) else one for one in routing["fallbacks"]]
        made["routing"] = routing | {"fallbacks": fallbacks}
    return made
