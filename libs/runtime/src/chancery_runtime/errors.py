"""Errors of the runtime."""

from chancery_contracts.failures import ChanceryError, RefusalCode, Retry


class RuntimeFault(ChanceryError):
    """Base of the runtime's own errors."""


class StartupFailed(RuntimeFault):
    """The service cannot start; the message says what is missing and how to give it."""


class KeyServiceDown(Retry):
    """The key service does not answer. Wait: nothing is written or shown without it."""

    def __init__(self, reason: str, *, code: RefusalCode = "redaction_unavailable") -> None:
        super().__init__(reason, code=code)


class CorruptSeal(RuntimeFault):
    """Sealed bytes do not match their key or their context: changed, mixed up or cut. Raise the alarm; do not retry."""


class KeyDestroyed(RuntimeFault):
    """The key that wrapped these bytes was destroyed, on purpose and for ever: what they open is erased. Show ERASED; do not retry."""
