"""Metrics of the services. Every name stands once, in `MetricName`, so that a misspelt one fails the type check."""

from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MetricName = Literal[
    "chancery_service_ready",
    "chancery_redaction_findings_total",
    "chancery_redaction_mask_seconds",
    "chancery_retrieval_search_seconds",
    "chancery_retrieval_passages_indexed_total",
    "chancery_cost_reserved_micros_total",
    "chancery_cost_settled_micros_total",
    "chancery_cost_refusals_total",
    "chancery_generation_calls_total",
    "chancery_generation_call_seconds",
    "chancery_generation_answers_total",
    "chancery_generation_passed_over_total",
    "chancery_generation_open_circuits",
    "chancery_validation_verdicts_total",
    "chancery_validation_checks_failed_total",
    "chancery_audit_entries_total",
    "chancery_audit_alarms_total",
    "chancery_audit_logs_refused_total",
    "chancery_audit_alerts",
    "chancery_audit_anchored_total",
    "chancery_audit_anchor_failures_total",
    "chancery_audit_payloads_erased_total",
    "chancery_audit_erasures_refused_total",
    "chancery_registry_commands_total",
    "chancery_registry_command_seconds",
    "chancery_registry_changes_total",
    "chancery_registry_behind_records",
    "chancery_registry_variants_stopped_total",
    "chancery_gateway_requests_total",
    "chancery_gateway_streams",
]
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """Makes metrics in one registry; asking twice for a name gives the same one."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made: dict[str, Counter | Gauge | Histogram] = {}

    def counter(self, name: MetricName, text: str, labels: tuple[str, ...] = ()) -> Counter:
        """A number that only rises."""
        if name not in self._made:
            self._made[name] = Counter(name, text, labels, registry=self.registry)
        made = self._made[name]
        assert isinstance(made, Counter)
        return made

    def gauge(self, name: MetricName, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        """A number that rises and falls."""
        if name not in self._made:
            self._made[name] = Gauge(name, text, labels, registry=self.registry)
        made = self._made[name]
        assert isinstance(made, Gauge)
        return made

    def histogram(self, name: MetricName, text: str, labels: tuple[str, ...] = ()) -> Histogram:
        """A distribution of seconds."""
        if name not in self._made:
            self._made[name] = Histogram(name, text, labels, registry=self.registry, buckets=BUCKETS)
        made = self._made[name]
        assert isinstance(made, Histogram)
        return made


_DEFAULT: list[Metrics] = []


def process_metrics() -> Metrics:
    """The metrics of this process: one registry, made at first use, shown at `/metrics`."""
    if not _DEFAULT:
        _DEFAULT.append(Metrics())
    return _DEFAULT[0]


def counter(name: MetricName, text: str, labels: tuple[str, ...] = ()) -> Counter:
    """A counter of this process."""
    return process_metrics().counter(name, text, labels)


def gauge(name: MetricName, text: str, labels: tuple[str, ...] = ()) -> Gauge:
    """A gauge of this process."""
    return process_metrics().gauge(name, text, labels)


def histogram(name: MetricName, text: str, labels: tuple[str, ...] = ()) -> Histogram:
    """A histogram of this process."""
    return process_metrics().histogram(name, text, labels)
