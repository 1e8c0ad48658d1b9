"""What this process has noted already, so that six events of an interaction do not note the same six times.

Kept under the data key that was in force: whatever erases a scope destroys its key in the same transaction, and what comes after has
another key, of which nothing is remembered. Filled only after a transaction has committed.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Set

Note = tuple[bytes, Hashable]
"""A wrapped data key, and what was noted of its scope."""


_NOTHING: Set[Hashable] = frozenset()


class Noted:
    """Bounded, the least recently written out first: what is forgotten is noted again, which changes nothing."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._notes: OrderedDict[bytes, set[Hashable]] = OrderedDict()

    def of(self, key: bytes) -> Set[Hashable]:
        """What is known to be in the database."""
        return self._notes.get(key, _NOTHING)

    def remember(self, notes: Iterable[Note]) -> None:
        """These are committed."""
        for key, note in notes:
            self._notes.setdefault(key, set()).add(note)
            self._notes.move_to_end(key)
        while len(self._notes) > self._largest:
            self._notes.popitem(last=False)
