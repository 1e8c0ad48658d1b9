"""Settings of audit, from the environment."""

from chancery_runtime import ServiceSettings


class AuditSettings(ServiceSettings):
    """`CHANCERY_AUDIT_…`."""

    audit_batch: int = 500
    """Events in one transaction, at most."""
    audit_checkpoint_interval_s: float = 1.0
