"""Errors of audit."""

from chancery_contracts.failures import ChanceryError


class AuditError(ChanceryError):
    """Base of audit's own errors."""
