"""Errors of redaction."""

from chancery_contracts.failures import ChanceryError


class RedactionError(ChanceryError):
    """Base of redaction's own errors."""


class TokensExhausted(RedactionError):
    """No free pseudonym was found for a value. The scope holds far more values than tokens of the longest length: look at its vault."""


class SubjectGone(RedactionError):
    """There is no such data subject in the scope, or it was erased: no value can be linked to it. Look its values up again."""


class UnknownLanguage(RedactionError):
    """The policy names a language that redaction has no recognizers for. See *Languages* in the README of redaction."""
