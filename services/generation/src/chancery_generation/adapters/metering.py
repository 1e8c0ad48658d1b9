"""Calls and answers, as Prometheus sees them."""

from chancery_runtime.metrics import counter, gauge, histogram

from chancery_generation.domain.standing import Standings
from chancery_generation.ports import Pacing


class PrometheusMeter:
    """Counts by provider and outcome; times by provider; answers by why their model was asked; models passed over by reason."""

    def __init__(self) -> None:
        self._calls = counter("chancery_generation_calls_total", "Model calls", ("provider", "outcome"))
        self._seconds = histogram("chancery_generation_call_seconds", "Duration of model calls", ("provider",))
        self._answers = counter("chancery_generation_answers_total", "Answers, by why their model was asked", ("why",))
        self._passed_over = counter("chancery_generation_passed_over_total", "Models that were not asked, by reason", ("reason",))

    def called(self, provider: str, outcome: str, seconds: float) -> None:
        """One call."""
        self._calls.labels(provider, outcome).inc()
        self._seconds.labels(provider).observe(seconds)

    def answered(self, why: str) -> None:
        """One answer."""
        self._answers.labels(why).inc()

    def passed_over(self, obstacle: str) -> None:
        """One model, for one event."""
        self._passed_over.labels(obstacle).inc()


def watch_circuits(standings: Standings, pacing: Pacing) -> None:
    """Shows how many endpoints are left alone at the moment of asking."""
    opened = gauge("chancery_generation_open_circuits", "Endpoints whose circuit is open or half open")
    opened.set_function(lambda: standings.open_circuits(pacing.monotonic_s()))
