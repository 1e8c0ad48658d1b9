"""Errors of retrieval."""

from chancery_contracts.failures import ChanceryError


class RetrievalError(ChanceryError):
    """Base of retrieval's own errors."""
