"""Recomputes a chain from its rows and says where it stops holding."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chancery_ledger import GENESIS, LeafRefused, leaf_hash, link, read_leaf

from chancery_audit.domain.entries import Head, commitment


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A row as the database has it; `sealed` is None where the payload was deleted."""

    seq: int
    namespace: str
    event_id: str
    type: str
    event_time: datetime
    interaction: str | None
    topic: str
    partition: int
    offset: int
    leaf: bytes
    leaf_hash: bytes
    link: bytes
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry that does not hold, and why."""

    seq: int
    reason: str


@dataclass
class Verification:
    """Runs along a tenant's chain; `entries` are given in order, in stretches of any size."""

    tenant: str
    verified: int = 0
    payloads_deleted: int = 0
    broken: Break | None = None
    _previous: bytes = field(default=GENESIS, repr=False)

    def take(self, entries: Sequence[StoredEntry]) -> None:
        """Checks a stretch; stops at the first break."""
        for entry in entries:
            if self.broken is None:
                self._check(entry)

    def finish(self, head: Head) -> None:
        """What was read must end where the tenant's head says."""
        if self.broken is None and (self.verified, self._previous) != (head.size, head.link):
            self.broken = Break(min(self.verified, head.size), "the chain does not end at its head")

    def _check(self, entry: StoredEntry) -> None:
        reason = self._fault(entry)
        if reason is not None:
            # The number that should stand here: where entries are missing, it is the first of them.
            self.broken = Break(min(self.verified, entry.seq), reason)
            return
        self._previous = entry.link
        self.verified += 1
        self.payloads_deleted += entry.sealed is None

    def _fault(self, entry: StoredEntry) -> str | None:
        if entry.seq != self.verified:
            return "an entry is missing"
        if leaf_hash(entry.leaf) != entry.leaf_hash:
            return "the leaf does not match its hash"
        if link(self._previous, entry.leaf_hash) != entry.link:
            return "the link does not follow from the one before it"
        try:
            fields = read_leaf(entry.leaf)
        except LeafRefused:
            return "the leaf is not canonical"
        return self._contradiction(entry, fields)

    def _contradiction(self, entry: StoredEntry, fields: dict[str, str | int]) -> str | None:
        if not self._columns_match(entry, fields):
            return "the row does not say what its leaf says"
        if entry.sealed is not None and commitment(entry.sealed) != fields.get("payload_sha256"):
            return "the payload does not match its commitment"
        return None

    def _columns_match(self, entry: StoredEntry, fields: dict[str, str | int]) -> bool:
        names = ("tenant", "namespace", "id", "type", "time", "interaction", "topic", "partition", "offset")
        row = (
            self.tenant, entry.namespace, entry.event_id, entry.type, entry.event_time, entry.interaction,
            entry.topic, entry.partition, entry.offset,
        )  # fmt: skip
        said = [fields.get(name) for name in names]
        said[4] = datetime.fromisoformat(str(said[4]))  # type: ignore[call-overload]  # compared as a moment: the column keeps no zone
        return said == list(row)
