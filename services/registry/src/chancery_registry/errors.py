"""Errors of the registry."""

from chancery_contracts.failures import ChanceryError


class RegistryError(ChanceryError):
    """Base of the registry's own errors."""


class ProjectionAhead(RegistryError):
    """The projection knows more than the topic holds: the topic was lost or another one. Look why; `rebuild` follows what is there now."""
