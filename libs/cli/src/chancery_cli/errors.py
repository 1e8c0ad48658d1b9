"""Errors of the command; each says what to do."""

from chancery_contracts.failures import ChanceryError


class CommandFailed(ChanceryError):
    """The command could not do its work; the message says why and what to do."""
