"""The topic registry: one topic a type, names that lead back, raw text only where it may be."""

import re

import pytest
from chancery_contracts import PAYLOADS, TOPIC_OF_TYPE, TOPICS, topic_named
from chancery_contracts.topics import COMPLETED, DAY_MS, REQUESTED


def test_every_type_has_one_topic():
    types = [payload.TYPE for topic in TOPICS for payload in topic.types]
    assert len(types) == len(set(types)) == len(PAYLOADS) == len(TOPIC_OF_TYPE)


def test_every_type_names_its_version():
    assert all(re.fullmatch(r"chancery\.[a-z.-]+\.v[0-9]+", name) for name in PAYLOADS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@pytest.mark.parametrize("namespace", ["live", "r1"])
def test_a_name_on_the_broker_leads_back_to_its_topic(topic, namespace):
    tenant = "acme-bank" if topic.per_tenant else None
    name = topic.full_name(tenant, namespace)
    assert topic_named(name) == (topic, tenant)
    assert re.match(topic.pattern(namespace), name)
    assert not re.match(topic.pattern(namespace), topic.deadletter_name(tenant, namespace))


def test_a_foreign_name_is_a_key_error():
    with pytest.raises(KeyError):
        topic_named("somebody.elses.topic")


def test_raw_text_is_per_tenant_and_kept_a_day():
    raw = {topic for topic in TOPICS if topic.pii == "raw"}
    assert raw == {REQUESTED, COMPLETED}
    assert all(topic.per_tenant and topic.retention_ms == DAY_MS for topic in raw)
