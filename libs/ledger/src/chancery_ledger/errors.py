"""Errors of the ledger."""


class LedgerError(Exception):
    """Base of the ledger's own errors."""


class LeafRefused(LedgerError):
    """These fields cannot be a leaf: too large, not text and integers, or not canonical. Nothing was recorded."""
