"""Settings of audit, from the environment."""

from typing import Literal

from chancery_runtime.tokens import TokenSettings


class AuditSettings(TokenSettings):
    """`CHANCERY_AUDIT_…`."""

    audit_max_in_flight: int = 256
    """Events waiting for their batch; also the largest batch that can gather in practice."""
    audit_batch: int = 500
    """Events of one transaction, at most."""
    audit_cached_keys: int = 10_000
    """Unwrapped data keys kept in memory."""
    audit_checkpoint_s: float = 1.0
    """Logs that grew are signed and published this often."""
    audit_witnesses: tuple[str, ...] = ()
    """Each `<url> <verifier key>`; asked to cosign every checkpoint."""
    audit_origin: str = "chancery.local/log"
    """A URL without schema; a tenant's log is named `<origin>/<tenant>`. It is signed: keep it for the life of the log."""
    audit_row_security: Literal["on", "off"] = "on"
    """Readers take the role `chancery_audit_reader`, for which the database itself keeps tenants and matters apart."""
    audit_watch_s: float = 2.0
    """The trail is looked at this often for what must raise an alert."""
    audit_unfinished_s: float = 300.0
    """An accepted interaction without an end raises an alert after this."""
    audit_erasure_s: float = 1.0
    """Requests for erasure are carried out this often."""
    audit_retention_s: float = 60.0
    """What has outlived its retention is looked for this often."""
    audit_recheck_s: float = 3600.0
    """Everything erased is looked through this often, and at the start, for rows that somebody restored."""
