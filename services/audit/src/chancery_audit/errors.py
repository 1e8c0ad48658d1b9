"""Errors of audit."""

from chancery_contracts.failures import ChanceryError, Poison


class AuditError(ChanceryError):
    """Base of audit's own errors."""


class Unrecordable(Poison):
    """An event's attributes do not fit a leaf. It is a dead letter, and its offset stays a gap in the completeness report."""
