"""Registry entries in YAML files, published as events: each version once, never changed."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from chancery_bus import KafkaAddress, Publisher, TopicReader, ensure_topics, topic_specs
from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.bodies import BODIES
from chancery_contracts.canonical import body_sha256
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.identifiers import derived_id
from chancery_contracts.topics import REGISTRY

from chancery_cli.errors import CommandFailed

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def read_entries(paths: Iterable[Path], keys: dict[str, str]) -> list[AnyEvent]:
    """The events of YAML files (or folders of them). `keys` are API keys by tenant. Raises CommandFailed, naming file and entry."""
    entries: list[AnyEvent] = []
    for path in _files(paths):
        for number, item in enumerate(yaml.safe_load(path.read_text("utf-8")) or [], start=1):
            try:
                entries.append(_entry(item, keys))
            except (ValueError, KeyError, TypeError) as exc:
                raise CommandFailed(f"{path.name}, entry {number}: {exc}") from exc
    return entries


def tenants_of(entries: Iterable[AnyEvent]) -> list[str]:
    """The tenants that the entries name."""
    return sorted({e.data.name for e in entries if isinstance(e.data, RegistryEntryPublished) and e.data.kind == "tenant"})


def ensure_api_keys(path: Path, tenants: Iterable[str]) -> dict[str, str]:
    """API keys by tenant, in a file of mode 0600; makes what is missing."""
    keys: dict[str, str] = dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}
    missing = [tenant for tenant in tenants if tenant not in keys]
    if missing:
        keys |= {tenant: f"chy_{secrets.token_urlsafe(32)}" for tenant in missing}
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(keys, file, indent=2)
    return keys


async def publish_entries(address: KafkaAddress, entries: list[AnyEvent]) -> int:
    """Makes the topics of new tenants and publishes what is new; how many. Raises CommandFailed for a changed version."""
    await ensure_topics(address.bootstrap, topic_specs(tenants_of(entries)))
    known = await _published(address)
    new = []
    for event in entries:
        data = event.data
        assert isinstance(data, RegistryEntryPublished)
        before = known.get(event.key)
        if before is None:
            new.append(event)
        elif before != data.body_sha256:
            raise CommandFailed(f"{data.kind} {data.name} version {data.version} is published with another body: give it the next version")
    publisher = await Publisher.start(address)
    try:
        for event in new:
            await publisher.publish(event)
    finally:
        await publisher.close()
    return len(new)


async def _published(address: KafkaAddress) -> dict[str, str]:
    reader = await TopicReader.start(address, [REGISTRY.full_name()])
    try:
        events = [received.event async for received in reader.until(await reader.ends())]
    finally:
        await reader.close()
    return {event.key: event.data.body_sha256 for event in events if isinstance(event.data, RegistryEntryPublished)}


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    return found


def _entry(item: dict[str, Any], keys: dict[str, str]) -> AnyEvent:
    body = dict(item["body"])
    if item["kind"] == "tenant" and item["name"] in keys:
        body["api_key_sha256"] = [hashlib.sha256(keys[item["name"]].encode()).hexdigest()]
    BODIES[item["kind"]].model_validate(body)
    data = RegistryEntryPublished(
        kind=item["kind"],
        name=item["name"],
        version=item["version"],
        effective_from=item.get("effective_from", SINCE),
        author=item.get("author", "registry-file"),
        body=body,
        body_sha256=body_sha256(body),
    )
    tenant = item["tenant"]
    event_id = derived_id(f"{tenant}/{data.kind}/{data.name}/{data.version}/{data.body_sha256}", "registry")
    return Event(id=event_id, source="chancery/registry", time=datetime.now(UTC), tenant=tenant, data=data)
