"""Settings of cost, from the environment."""

from pathlib import Path

from chancery_runtime import ServiceSettings


class CostSettings(ServiceSettings):
    """`CHANCERY_COST_…`."""

    cost_reservation_ttl_s: int = 900
    """A reservation that nothing settled or released for so long is given back."""
    cost_expiry_interval_s: float = 15.0


class WindowSettings(ServiceSettings):
    """Of the windowed tables."""

    home: Path = Path(".chancery")
    """`CHANCERY_HOME`: Faust keeps its working folder in it."""
