"""Verdicts, as Prometheus sees them."""

from chancery_contracts.interactions import Check, Verdict
from chancery_runtime.metrics import counter


class PrometheusMeter:
    """Counts by verdict, and failed checks by name."""

    def __init__(self) -> None:
        self._verdicts = counter("chancery_validation_verdicts_total", "Answers judged", ("verdict",))
        self._failed = counter("chancery_validation_checks_failed_total", "Checks that failed", ("check",))

    def judged(self, verdict: Verdict, checks: tuple[Check, ...]) -> None:
        """One answer."""
        self._verdicts.labels(verdict).inc()
        for check in checks:
            if not check.passed:
                self._failed.labels(check.name).inc()
