"""Errors of redaction."""

from chancery_contracts.failures import ChanceryError


class RedactionError(ChanceryError):
    """Base of redaction's own errors."""


class TokensExhausted(RedactionError):
    """No free pseudonym was found for a value. The scope holds far more values than tokens of the longest length: look at its vault."""


class DetectorFailed(RedactionError):
    """The detector of personal data raised, hung, died or answered nonsense. Requests wait and are then refused; look at its log."""
