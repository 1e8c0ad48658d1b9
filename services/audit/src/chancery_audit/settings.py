"""Settings of audit, from the environment."""

from pathlib import Path
from typing import Literal

from chancery_runtime.tokens import TokenSettings
from pydantic import Field, SecretStr


class AuditSettings(TokenSettings):
    """`CHANCERY_AUDIT_…`."""

    audit_instance: str = "0"
    """Processes that share the work have different ones; one that has another's refuses. What comes back under its name goes on at once."""
    audit_batch: int = 1_000
    """Events of one transaction, at most."""
    audit_cached_keys: int = 20_000
    """Unwrapped data keys kept in memory."""
    audit_checkpoint_s: float = 0.5
    """Logs that grew are signed and published this often, and sooner where a thousand leaves wait: with the signing it stays below 1 s."""
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
    audit_anchor_folder: Path | None = None
    """Checkpoints are anchored in this folder, a file each."""
    audit_anchor_tsa: str | None = None
    """The URL of an RFC 3161 time-stamp authority that stamps checkpoints."""
    audit_anchor_tsa_roots: Path | None = None
    """Root certificates (PEM) that the authority's must lead to."""
    audit_anchor_s3: str | None = None
    """`https://<endpoint>/<bucket>[/<prefix>]`, with object lock: checkpoints are anchored there, in compliance mode."""
    audit_anchor_s3_region: str = "us-east-1"
    audit_anchor_s3_access_key: SecretStr | None = None
    audit_anchor_s3_secret_key: SecretStr | None = None
    audit_anchor_s3_days: int = Field(default=2557, ge=1)
    """Nobody can delete an anchored checkpoint for so long: seven years, as entries are retained."""
    audit_anchor_s: float = Field(default=60.0, ge=0)
    """The newest checkpoint of a log that grew is anchored this often at most, in each kind of anchor."""
    audit_anchor_overdue_s: float = Field(default=60.0, ge=0)
    """A checkpoint that has no anchor so long after it should have one raises an alert."""
    audit_anchor_timeout_s: float = Field(default=10.0, gt=0)
    """Of one request to an anchor."""
