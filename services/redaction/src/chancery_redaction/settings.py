"""Settings of redaction, from the environment."""

from chancery_runtime import ServiceSettings


class RedactionSettings(ServiceSettings):
    """`CHANCERY_REDACTION_…`."""

    redaction_max_in_flight: int = 8
    """Masking is work of the processor: more at once would only wait for it."""
    redaction_max_characters: int = 100_000
    """Of one request's messages; longer ones are refused before any pattern sees them."""
    redaction_journal_hours: int = 24
    redaction_key_cache_s: float = 300.0
    """An unwrapped key stays in memory this long at most: also that of a subject which another process has erased."""
    redaction_key_cache: int = 10_000
    """Unwrapped keys in memory, at most."""
