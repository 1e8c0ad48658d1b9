"""By how many days the dates of a matter move: from a keyed hash of its name."""

import hashlib
import hmac

from chancery_runtime.keys import KeyService

from chancery_redaction.ports import Scope

LEAST_WEEKS, MOST_WEEKS = 8, 160
"""Far enough that a deadline is not told by its season alone, near enough that the year's law and rates are about the same."""


class KeyedShifts:
    """Port `Shifts`. Whole weeks: a Friday stays a Friday, and days between two dates stay as many."""

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys

    async def days(self, scope: Scope) -> int:
        """The same in a scope, unrelated elsewhere."""
        key = await self._keys.derive(scope.tenant, "date-shift")
        number = int.from_bytes(hmac.digest(key, scope.name.encode(), hashlib.sha256)[:8], "big")
        sense, weeks = number & 1, LEAST_WEEKS + (number >> 1) % (MOST_WEEKS - LEAST_WEEKS + 1)
        return 7 * (weeks if sense else -weeks)
