"""Settings of redaction, from the environment."""

from chancery_runtime.tokens import TokenSettings

from chancery_redaction.adapters.entities import Model


class RedactionSettings(TokenSettings):
    """`CHANCERY_REDACTION_…`, `CHANCERY_OIDC_…` as audit has them."""

    audit_url: str | None = None
    """Where keys of the audit trail are checked. None: only tokens of the identity provider reveal. In production: https."""
    redaction_max_in_flight: int = 8
    """Masking is work of the processor: more at once would only wait for it."""
    redaction_max_characters: int = 100_000
    """Of one request's messages; longer ones are refused before any pattern sees them."""
    redaction_journal_hours: int = 24
    redaction_key_cache_s: float = 300.0
    """An unwrapped key stays in memory this long at most: also that of a subject which another process has erased."""
    redaction_key_cache: int = 10_000
    """Unwrapped keys in memory, at most."""
    redaction_ner: Model = "model"
    """Which model finds persons, organisations and places."""
