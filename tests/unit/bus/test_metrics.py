"""The handlers' histogram, counted by the bus itself, says what the metrics library's own would say."""

from chancery_bus.metrics import StageMetrics
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
NAME = "chancery_stage_handler_seconds"


def samples(registry):
    found = [sample for family in registry.collect() if family.name == NAME for sample in family.samples]
    return [(sample.name, sample.labels, sample.value) for sample in found if not sample.name.endswith("_created")]


@given(st.lists(st.sampled_from(BUCKETS) | st.floats(0, 100)))
def test_it_reads_as_the_librarys_own(seconds):
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    metrics, histogram = StageMetrics(ours, "g"), Histogram(NAME, "", ("group",), registry=theirs, buckets=BUCKETS).labels("g")
    for one in seconds:
        metrics.handler_s.observe(one)
        histogram.observe(one)
    assert samples(ours) == samples(theirs)


def test_stages_of_one_process_are_told_apart():
    registry = CollectorRegistry()
    for group, count in (("a", 2), ("b", 1)):
        for _ in range(count):
            StageMetrics(registry, group).handler_s.observe(0.5)
    counts = {labels["group"]: value for name, labels, value in samples(registry) if name.endswith("_count")}
    assert counts == {"a": 2, "b": 1}
