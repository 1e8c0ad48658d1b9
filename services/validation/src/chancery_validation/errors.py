"""Errors of validation. None quotes an answer, a passage or a question."""


class ValidationError(Exception):
    """Base of validation's own errors."""


class UnknownThreshold(ValidationError):
    """A use case sets a threshold for a check that does not exist: publish a version that names an existing check."""
