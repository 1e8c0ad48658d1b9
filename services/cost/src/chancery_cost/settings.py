"""Settings of cost, from the environment."""

from pathlib import Path

from chancery_runtime import ServiceSettings
from pydantic import Field


class CostSettings(ServiceSettings):
    """`CHANCERY_COST_…`."""

    cost_reservation_ttl_s: float = Field(default=900, gt=0)
    """A reservation that nothing settled or released for so long is given back."""
    cost_expiry_interval_s: float = Field(default=15.0, gt=0)
    cost_journal_days: int = Field(default=8, ge=8)
    """Longer than Kafka keeps the events: a redelivery must find its answer."""


class WindowSettings(ServiceSettings):
    """Of the windowed tables."""

    home: Path = Path(".chancery")
    """`CHANCERY_HOME`: Faust keeps its working folder in it."""
    cost_windows_replication: int = Field(default=1, ge=1)
    """Replicas of the changelog topics; as many as the cluster's other topics have."""
