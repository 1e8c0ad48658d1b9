"""Errors of the ledger."""


class LedgerError(Exception):
    """Base of the ledger's errors."""


class LeafTooLarge(LedgerError):
    """The canonical leaf is 65,535 bytes or more and does not fit an entry tile. Keep payloads beside the log, not in it."""


class ChainBroken(LedgerError):
    """A link does not follow from the one before it. The entry at `position` was changed, dropped, moved or invented."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the chain breaks at {position}")
        self.position = position
