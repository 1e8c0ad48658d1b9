"""Errors of the gateway."""

from chancery_contracts.failures import ChanceryError


class GatewayError(ChanceryError):
    """Base of the gateway's own errors."""


class InteractionTaken(GatewayError):
    """The interaction's id was used before with another body. Choose a new id, or send the first body again."""
