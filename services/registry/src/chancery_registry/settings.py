"""Settings of the registry, from the environment."""

from chancery_runtime.tokens import TokenSettings
from pydantic import Field


class RegistrySettings(TokenSettings):
    """`CHANCERY_REGISTRY_…`, `CHANCERY_OIDC_…` as audit has them."""

    audit_url: str | None = None
    """Where keys are checked: audit grants and revokes them. None: only the operator token and the identity provider's open anything."""
    registry_lead_s: float = Field(default=2.0, ge=0)
    """A change goes live no sooner than this after it was decided, so that every service has heard of it by then."""
    registry_deadline_s: float = Field(default=10.0, gt=0)
    """How long a command waits for its own event to come back; then 503, and the same Idempotency-Key tells later what became of it."""
    registry_guard_interval_s: float = Field(default=5.0, gt=0)
    """How often units of experiments are counted, and guard rails looked at."""
    registry_unit_patience_s: float = Field(default=900.0, ge=0)
    """How long after its window an experiment's unit is waited for where an interaction of it does not end."""
