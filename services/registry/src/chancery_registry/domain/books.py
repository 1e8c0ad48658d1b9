"""The registry's own fold: the catalogue that every service has, and of each record of the topic what became of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.catalogue import Catalogue, Thing
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison
from chancery_contracts.governance import Change, EvidenceAttached
from chancery_contracts.governed import ChangeRefused, History

Outcome = Literal["counted", "refused", "repeated"]


@dataclass(frozen=True, slots=True)
class Told:
    """A record of the topic, where it lies, and what became of it."""

    place: int
    event: AnyEvent
    outcome: Outcome
    why: str | None = None

    @property
    def thing(self) -> Thing:
        """What it is about."""
        data = self.event.data
        assert isinstance(data, Change | RegistryEntryPublished)
        return self.event.tenant, data.kind, data.name


class Books:
    """Takes records in the topic's order, each once. `next`: the place of the first that is not in yet."""

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.next = 0
        self._by_id: dict[tuple[str, str], Told] = {}
        self._forms: dict[tuple[Thing, int], set[str]] = defaultdict(set)

    def take(self, place: int, event: AnyEvent) -> Told | None:
        """None for what is no event of the registry."""
        if not isinstance(event.data, Change | RegistryEntryPublished):
            return None
        told = self._judge(place, event)
        # The first with an id decides what it stands for; where that one did not count, one that does takes its place.
        known = self._by_id.get((event.tenant, event.id))
        if known is None or (known.outcome == "refused" and told.outcome == "counted"):
            self._by_id[event.tenant, event.id] = told
        if told.outcome == "counted" and isinstance(event.data, EvidenceAttached):
            self._forms[told.thing, event.data.version].add(event.data.evidence.form)
        return told

    def _judge(self, place: int, event: AnyEvent) -> Told:
        try:
            counted = self.catalogue.apply(event)
        except Poison as fault:
            why = str(fault.__cause__) if isinstance(fault.__cause__, ChangeRefused) else fault.reason
            return Told(place, event, "refused", why)
        return Told(place, event, "counted" if counted else "repeated")

    def reach(self, place: int) -> None:
        """All before this place is in, what could not be read included."""
        self.next = max(self.next, place)

    def told(self, tenant: str, change_id: str) -> Told | None:
        """What became of a change."""
        return self._by_id.get((tenant, change_id))

    def history(self, thing: Thing) -> History:
        """All of a thing; of one that is not there, an empty one."""
        return self.catalogue.history(*thing) or History()

    def missing(self, thing: Thing, version: int, forms: Sequence[str]) -> list[str]:
        """Forms of evidence that a version lacks."""
        return [form for form in forms if form not in self._forms.get((thing, version), ())]
