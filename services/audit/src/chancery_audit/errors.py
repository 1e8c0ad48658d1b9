"""Errors of audit."""

from chancery_contracts.failures import ChanceryError, Poison


class AuditError(ChanceryError):
    """Base of audit's own errors."""


class LogBroken(AuditError):
    """The database contradicts what was signed before: nothing more is signed for this tenant until somebody has looked."""


class AlreadyRunning(AuditError):
    """Another process has this one's place (`CHANCERY_AUDIT_INSTANCE`). Stop it, or give this one another name."""


class NoSuchPlace(AuditError):
    """A page is asked for that begins after something unknown. Ask for `next` of the page before, with the same tenant."""


class Unrecordable(Poison):
    """An event's attributes do not fit a leaf. It is a dead letter, and its offset stays a gap in the completeness report."""


class AnchorFailed(AuditError):
    """A checkpoint could not be put where it was to be anchored. Signing goes on, and it is tried again; the message says why."""


class AnchorDown(AnchorFailed):
    """An anchor does not answer: nothing else of its kind goes better now."""


class AnchorContradicted(AnchorFailed):
    """The anchor holds another checkpoint of the same size: the log was rewritten, or two deployments use one place. Look at once."""
