"""Whole interactions, as a load: the events that one leaves on the topics that audit records."""

from collections.abc import Iterator

from chancery_contracts.event import AnyEvent
from chancery_contracts.interactions import Message

from chancery_testing import builders

EACH = 6
PARAGRAPH = "Hello, I am buying a house next month with my partner and I need to know before Friday what applies to us. " * 4


def interaction(number: int, tenant: str) -> Iterator[AnyEvent]:
    """Six events, 0.5 to 1.5 kB of data, 0.9 kB on average; the same at every call."""
    name, text = f"i-{number}", f"{number}: {PARAGRAPH}"
    about = {"tenant": tenant, "interaction": name, "conversation": f"c-{number // 3}", "matter": f"m-{number % 500}"}
    asked = builders.requested(text, id=name, **about)
    yield asked
    masked = {"messages": (Message(role="user", content=text),)}
    yield builders.redacted(id=asked.derived("redaction"), source="chancery/redaction", causation=name, **masked, **about)
    yield builders.grounded(id=asked.derived("retrieval"), source="chancery/retrieval", causation=name, **masked, **about)
    yield builders.generated(id=asked.derived("generation"), source="chancery/generation", causation=name, **about)
    yield builders.validated(id=asked.derived("validation"), source="chancery/validation", causation=name, **about)
    yield asked.follow(builders.completed_data().model_copy(update={"answer": text}), stage="restore", time=asked.time)
