"""Settings of cost, from the environment."""

from chancery_runtime import ServiceSettings


class CostSettings(ServiceSettings):
    """`CHANCERY_COST_…`."""

    cost_reservation_ttl_s: int = 900
    """A reservation that nothing settled or released for so long is given back."""
    cost_expiry_interval_s: float = 15.0


class WindowSettings(ServiceSettings):
    """`CHANCERY_COST_WINDOWS_…`."""

    cost_windows_partitions: int = 3
