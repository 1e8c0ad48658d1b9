"""Calls, as Prometheus sees them."""

from chancery_runtime.metrics import counter, histogram


class PrometheusMeter:
    """Counts by provider and outcome; times by provider."""

    def __init__(self) -> None:
        self._calls = counter("chancery_generation_calls_total", "Model calls", ("provider", "outcome"))
        self._seconds = histogram("chancery_generation_call_seconds", "Duration of model calls", ("provider",))

    def called(self, provider: str, outcome: str, seconds: float) -> None:
        """One call."""
        self._calls.labels(provider, outcome).inc()
        self._seconds.labels(provider).observe(seconds)
