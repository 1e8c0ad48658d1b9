"""Errors of audit."""

from chancery_contracts.failures import ChanceryError, Poison


class AuditError(ChanceryError):
    """Base of audit's own errors."""


class LogBroken(AuditError):
    """The database contradicts what was signed before: nothing more is signed for this tenant until somebody has looked."""


class NoSuchPlace(AuditError):
    """A page is asked for that begins after something unknown. Ask for `next` of the page before, with the same tenant."""


class Unrecordable(Poison):
    """An event's attributes do not fit a leaf. It is a dead letter, and its offset stays a gap in the completeness report."""
