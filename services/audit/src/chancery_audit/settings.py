"""Settings of audit, from the environment."""

from chancery_runtime import ServiceSettings


class AuditSettings(ServiceSettings):
    """`CHANCERY_AUDIT_…`."""

    audit_max_in_flight: int = 256
    """Events waiting for their batch; also the largest batch that can gather in practice."""
    audit_batch: int = 500
    """Events of one transaction, at most."""
    audit_cached_keys: int = 10_000
    """Unwrapped data keys kept in memory."""
    audit_checkpoint_s: float = 1.0
    """Heads that moved are published this often."""
