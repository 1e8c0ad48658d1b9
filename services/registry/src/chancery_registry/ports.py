"""What handlers and commands need."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from chancery_contracts.catalogue import Thing
from chancery_contracts.event import AnyEvent
from chancery_contracts.governance import Change
from chancery_contracts.governed import History

from chancery_registry.domain.books import Books
from chancery_registry.domain.roles import Member


class Log(Protocol):
    """The topic, as far as this process has taken it in."""

    books: Books

    async def catch_up(self) -> None:
        """To where the topic ends now. Raises Retry while Kafka is away."""
        ...

    async def publish(self, event: AnyEvent) -> int:
        """Its place. Raises Retry while Kafka is away, Poison for an event that is too large."""
        ...

    async def reached(self, place: int) -> None:
        """Returns once the record at this place is in the books and in the projection."""
        ...


@dataclass(frozen=True)
class Scene:
    """What a decision is made on: a thing as it stands, who asks, and when."""

    books: Books
    thing: Thing
    member: Member
    now: datetime
    lead: timedelta
    """A change goes live no sooner than this after now."""
    change_id: str

    @property
    def history(self) -> History:
        """As far as it is known here."""
        return self.books.history(self.thing)

    def change(self, of: type[Change], **said: Any) -> Change:
        """The thing's next one."""
        _, kind, name = self.thing
        return of(
            change_id=self.change_id, kind=kind, name=name, sequence=self.history.sequence + 1, actor=self.member.name, **said
        )  # fmt: skip
