"""Settings of redaction, from the environment."""

from chancery_runtime import ServiceSettings

from chancery_redaction.adapters.entities import Model


class RedactionSettings(ServiceSettings):
    """`CHANCERY_REDACTION_…`."""

    redaction_max_in_flight: int = 8
    """Masking is work of the processor: more at once would only wait for it."""
    redaction_max_characters: int = 100_000
    """Of one request's messages; longer ones are refused before any pattern sees them."""
    redaction_journal_hours: int = 24
    redaction_ner: Model = "model"
    """Which model finds persons, organisations and places."""
