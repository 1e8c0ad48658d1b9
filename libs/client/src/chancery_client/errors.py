"""Errors of the client."""

from chancery_contracts.failures import ChanceryError


class ClientError(ChanceryError):
    """Base of the client's own errors."""


class NotCompletedInTime(ClientError):
    """No `completed` event came in time. The request is not lost: wait longer, or ask the gateway or the audit trail where it is."""
