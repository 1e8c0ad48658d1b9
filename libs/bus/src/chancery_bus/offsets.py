"""Which offset may be committed: the one below which everything is finished, however many are in flight."""

from collections import deque

import msgspec


class OffsetTracker:
    """One partition, from one assignment to its revocation. Offsets are taken in rising order, finished in any."""

    def __init__(self) -> None:
        self._taken: deque[int] = deque()
        self._finished: set[int] = set()
        self._next: int | None = None
        self._committed: int | None = None
        self.revoked = False

    @property
    def unfinished(self) -> int:
        """How many are taken and not finished."""
        return len(self._taken) - len(self._finished)

    @property
    def oldest(self) -> int | None:
        """The lowest offset that is not finished."""
        return self._taken[0] if self._taken else None

    def take(self, offset: int) -> None:
        """Notes that a record was read."""
        self._taken.append(offset)

    def finish(self, offset: int) -> None:
        """Notes that a record's results are acknowledged."""
        if self._taken and self._taken[0] == offset:
            self._taken.popleft()
            self._next = offset + 1
            while self._taken and self._taken[0] in self._finished:
                self._next = self._taken.popleft() + 1
                self._finished.discard(self._next - 1)
        else:
            self._finished.add(offset)

    def to_commit(self) -> int | None:
        """The offset to commit (of the next record to read), if it moved since the last commit."""
        return None if self._next == self._committed else self._next

    def committed(self, offset: int) -> None:
        """Notes that Kafka took the commit."""
        self._committed = offset


class Finishing(msgspec.Struct, gc=False):
    """A record whose results are on their way to Kafka: all that is kept of it until then. `missing`: how many are not acknowledged."""

    tracker: OffsetTracker
    offset: int
    missing: int = 0
