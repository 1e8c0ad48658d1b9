"""Metrics of the bus. Every name stands once, in `MetricName`: dashboards and alerts are checked against it."""

from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MetricName = Literal[
    "chancery_stage_events_total",
    "chancery_stage_retries_total",
    "chancery_stage_deadletters_total",
    "chancery_stage_handler_seconds",
    "chancery_stage_in_flight",
    "chancery_stage_lag_records",
    "chancery_stage_oldest_age_seconds",
    "chancery_stage_rebalances_total",
    "chancery_stage_commit_failures_total",
]
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class StageMetrics:
    """The metrics of one stage; several stages of a process share the registry, told apart by `group`."""

    def __init__(self, registry: CollectorRegistry, group: str) -> None:
        found = _collectors(registry)
        self.events = found.events.labels(group)
        self.retries = found.retries.labels(group)
        self.deadletters = found.deadletters.labels(group)
        self.handler_s = found.handler_s.labels(group)
        self.in_flight = found.in_flight.labels(group)
        self.lag = found.lag.labels(group)
        self.oldest_age_s = found.oldest_age_s.labels(group)
        self.rebalances = found.rebalances.labels(group)
        self.commit_failures = found.commit_failures.labels(group)


class _Collectors:
    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: MetricName, text: str) -> Counter:
            return Counter(name, text, ("group",), registry=registry)

        def gauge(name: MetricName, text: str) -> Gauge:
            return Gauge(name, text, ("group",), registry=registry)

        handler: MetricName = "chancery_stage_handler_seconds"
        self.events = counter("chancery_stage_events_total", "Events finished")
        self.retries = counter("chancery_stage_retries_total", "Tries that will be repeated")
        self.deadletters = counter("chancery_stage_deadletters_total", "Dead letters written")
        self.handler_s = Histogram(handler, "Seconds in the handler", ("group",), registry=registry, buckets=_BUCKETS)
        self.in_flight = gauge("chancery_stage_in_flight", "Handlers running")
        self.lag = gauge("chancery_stage_lag_records", "Records behind the end of the topics")
        self.oldest_age_s = gauge("chancery_stage_oldest_age_seconds", "Age of the oldest unfinished record")
        self.rebalances = counter("chancery_stage_rebalances_total", "Times that partitions were taken away")
        self.commit_failures = counter("chancery_stage_commit_failures_total", "Commits that Kafka refused")


def _collectors(registry: CollectorRegistry) -> _Collectors:
    found = getattr(registry, "chancery_bus", None)
    if not isinstance(found, _Collectors):
        found = _Collectors(registry)
        registry.chancery_bus = found  # type: ignore[attr-defined]  # one set a registry, and it dies with it
    return found
