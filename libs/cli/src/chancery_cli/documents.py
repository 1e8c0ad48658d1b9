"""Documents in Markdown files with a front matter, published as events; and waiting until they can be found."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from chancery_bus import KafkaAddress, Publisher, TopicReader
from chancery_contracts.areas import DocumentIndexed, DocumentPublished
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.identifiers import derived_id
from chancery_contracts.topics import DOCUMENTS

from chancery_cli.errors import CommandFailed

Key = tuple[str, str, int]


@dataclass(frozen=True)
class Indexed:
    """What became of a document."""

    key: Key
    passages: int
    injections: int


def read_document(path: Path, tenant: str) -> AnyEvent:
    """The event of one file. Its id derives from tenant, document and version: published twice, it is one event. Raises CommandFailed."""
    text = path.read_text("utf-8")
    if not text.startswith("---\n") or "\n---\n" not in text:
        raise CommandFailed(f"{path.name}: no front matter (--- document_id, title, collection, matter, version ---)")
    header, body = text[4:].split("\n---\n", 1)
    try:
        front = yaml.safe_load(header)
        data = DocumentPublished(
            document_id=front["document_id"],
            version=front["version"],
            collection=front["collection"],
            title=front["title"],
            text=body.strip(),
        )
    except (ValueError, KeyError, TypeError, yaml.YAMLError) as exc:
        raise CommandFailed(f"{path.name}: the front matter is not complete") from exc
    event_id = derived_id(f"{tenant}/{data.document_id}/{data.version}", "document")
    return Event(id=event_id, source="chancery/cli", time=datetime.now(UTC), tenant=tenant, data=data, matter=front.get("matter"))


def key_of(event: AnyEvent) -> Key:
    """Tenant, document and version."""
    data = event.data
    assert isinstance(data, DocumentPublished | DocumentIndexed)
    return event.tenant, data.document_id, data.version


async def index_documents(
    address: KafkaAddress, documents: Iterable[AnyEvent], on_indexed: Callable[[Indexed], None], timeout_s: float = 300
) -> int:
    """Publishes what is not indexed yet and waits for it; how many that were. Raises CommandFailed after `timeout_s`."""
    reader = await TopicReader.start(address, [DOCUMENTS.full_name()])
    publisher = await Publisher.start(address)
    try:
        done = {key_of(r.event) async for r in reader.until(await reader.ends()) if isinstance(r.event.data, DocumentIndexed)}
        missing = [event for event in documents if key_of(event) not in done]
        for event in missing:
            await publisher.publish(event)
        await asyncio.wait_for(_until_indexed(reader, {key_of(event) for event in missing}, on_indexed), timeout_s)
    except TimeoutError as exc:
        raise CommandFailed(f"documents are not indexed after {timeout_s:.0f} s: see `chancery logs retrieval`") from exc
    finally:
        await publisher.close()
        await reader.close()
    return len(missing)


async def _until_indexed(reader: TopicReader, missing: set[Key], on_indexed: Callable[[Indexed], None]) -> None:
    if not missing:
        return
    async for received in reader.follow():
        data = received.event.data
        if isinstance(data, DocumentIndexed) and (key := key_of(received.event)) in missing:
            missing.discard(key)
            on_indexed(Indexed(key, data.passages, data.injections))
            if not missing:
                return
