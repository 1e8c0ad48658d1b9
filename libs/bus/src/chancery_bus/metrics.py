"""Metrics of the bus. Every name stands once, in `MetricName`: dashboards and alerts are checked against it."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

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
_BOUNDS = [*(str(float(bound)) for bound in _BUCKETS), "+Inf"]


class Durations:
    """How long a stage's handlers took: counted here, cheaply, as each event passes; summed up when it is asked for."""

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.sum_s = 0.0

    def observe(self, seconds: float) -> None:
        """Counts one."""
        self.counts[bisect_left(_BUCKETS, seconds)] += 1
        self.sum_s += seconds


class _Handlers(Collector):
    """The histogram of all the stages of a process."""

    def __init__(self) -> None:
        self._groups: dict[str, Durations] = {}

    def of(self, group: str) -> Durations:
        """One set for each group."""
        return self._groups.setdefault(group, Durations())

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """For the registry."""
        name: MetricName = "chancery_stage_handler_seconds"
        family = HistogramMetricFamily(name, "Seconds in the handler", labels=("group",))
        for group, durations in self._groups.items():
            buckets = zip(_BOUNDS, accumulate(durations.counts), strict=True)
            family.add_metric((group,), [(bound, float(count)) for bound, count in buckets], durations.sum_s)
        yield family


class StageMetrics:
    """The metrics of one stage; several stages of a process share the registry, told apart by `group`."""

    def __init__(self, registry: CollectorRegistry, group: str) -> None:
        found = _collectors(registry)
        self.events = found.events.labels(group)
        self.retries = found.retries.labels(group)
        self.deadletters = found.deadletters.labels(group)
        self.handler_s = found.handlers.of(group)
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

        self.events = counter("chancery_stage_events_total", "Events finished")
        self.retries = counter("chancery_stage_retries_total", "Tries that will be repeated")
        self.deadletters = counter("chancery_stage_deadletters_total", "Dead letters written")
        self.handlers = _Handlers()
        registry.register(self.handlers)
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
