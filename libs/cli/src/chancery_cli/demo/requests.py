"""The demo's requests: written down in `samples/requests`, published as Kafka events."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from chancery_bus import Publisher
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.interactions import InteractionRequested, Message
from chancery_contracts.topics import REQUESTED

MALFORMED = "malformed-event"


@dataclass(frozen=True)
class DemoRequest:
    """A request, what we expect of it, and the ids it gets in this run."""

    name: str
    tenant: str
    use_case: str
    question: str
    expect: str
    event: AnyEvent | None
    interaction: str


def load_requests(samples: Path) -> list[DemoRequest]:
    """Every sample request, with fresh ids, and a malformed one."""
    run = uuid4().hex[:8]
    found: list[DemoRequest] = []
    for path in sorted((samples / "requests").glob("*.json")):
        tenant = "aldgate-law" if path.stem.startswith("aldgate-law") else "meridian-bank"
        found += [_request(item, tenant, run) for item in json.loads(path.read_text("utf-8"))]
    bad = DemoRequest(MALFORMED, "meridian-bank", "–", "(bytes that are not an event)", "refused-malformed", None, f"demo-{run}-malformed")
    return [*found, bad]


def _request(item: dict[str, Any], tenant: str, run: str) -> DemoRequest:
    messages = tuple(Message(**message) for message in item["messages"])
    interaction = f"demo-{run}-{item['name']}"
    conversation = item.get("conversation")
    event = Event(
        id=interaction,
        source="chancery/demo",
        time=datetime.now(UTC),
        tenant=tenant,
        data=InteractionRequested(use_case=item["use_case"], messages=messages, actor="demo"),
        interaction=interaction,
        conversation=f"demo-{run}-{conversation}" if conversation else None,
        matter=item.get("matter"),
    )
    return DemoRequest(item["name"], tenant, item["use_case"], messages[-1].content, item["expect"], event, interaction)


async def publish_request(publisher: Publisher, request: DemoRequest) -> None:
    """As a publisher of that tenant would; the malformed one as bytes that fit no schema."""
    if request.event is not None:
        await publisher.publish(msgspec.structs.replace(request.event, time=datetime.now(UTC)))
        return
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", request.interaction.encode()),
        ("ce_source", b"chancery/demo"),
        ("ce_type", b"chancery.interaction.requested.v1"),
        ("content-type", b"application/json"),
    )
    await publisher.write(REQUESTED.full_name(request.tenant), key=None, value=b'{"use_case": 42, "messages": "not a list', headers=headers)
