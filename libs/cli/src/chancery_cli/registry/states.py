"""What planning needs of a thing, out of what the registry answers."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chancery_contracts.governance import RegistryEnvironment

from chancery_cli.registry.known import Known, KnownVersion
from chancery_cli.registry.naming import Thing

Json = dict[str, Any]
REVIEWED = "chancery.registry.version-reviewed.v1"


def known_of(thing: Thing, detail: Json, environment: RegistryEnvironment, now: datetime) -> Known:
    """`detail`: the answer to `GET /v1/registry/{kind}/{name}`."""
    activations = sorted(
        (one for one in detail["activations"] if one["environment"] == environment),
        key=lambda one: (moment(one["effective_from"]), one["sequence"]),
    )
    in_force = [one for one in activations if moment(one["effective_from"]) <= now]
    emergency = in_force[-1]["reason"] if in_force and in_force[-1]["emergency"] else None
    rejected = _rejected(detail["history"])
    versions = tuple(_version(one, activations, rejected, now) for one in detail["versions"])
    evidence = tuple((one["version"], each["title"]) for one in detail["versions"] for each in one["evidence"])
    return Known(thing, detail["sequence"], versions, detail["live"].get(environment), emergency, evidence)


def moment(text: str) -> datetime:
    """A time as JSON has it."""
    return datetime.fromisoformat(text)


def _version(one: Json, activations: list[Json], rejected: set[int], now: datetime) -> KnownVersion:
    number, stage = one["version"], one["stage"]
    starts = [moment(each["effective_from"]) for each in activations if each["version"] == number]
    founded, retired = one["founded_from"], one["retired_from"]
    was_live = any(start <= now for start in starts) or (founded is not None and moment(founded) <= now)
    return KnownVersion(
        number, one["body_sha256"], one["state"], stage == "approved", retired is None or now < moment(retired), was_live,
        stage == "draft" and number in rejected, min((start for start in starts if start > now), default=None),
    )  # fmt: skip


def _rejected(history: Iterable[Json]) -> set[int]:
    """Sent back at some time; those that were put to review again are no drafts any more."""
    reviews = (one for one in history if one["type"] == REVIEWED and one["outcome"] == "counted")
    return {one["version"] for one in reviews if one["data"]["decision"] == "reject"}
