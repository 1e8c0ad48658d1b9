"""The redaction stage over real Kafka and PostgreSQL, with parts that fail: it waits, then refuses, and lets nothing through."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from chancery_bus import KafkaAddress, Publisher, StageLimits, StageRunner, TopicReader, ensure_topics, topic_specs
from chancery_bus.clients import start_consumer
from chancery_contracts.bodies import RedactionPolicyBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import system_clock
from chancery_contracts.topics import REDACTED, REFUSED, REQUESTED
from chancery_redaction.adapters.guarding import Bounds, GuardedDetector
from chancery_redaction.adapters.interactions import PostgresInteractions
from chancery_redaction.adapters.language import LanguageCheck
from chancery_redaction.adapters.shifting import KeyedShifts
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.consumers import redaction_stage
from chancery_redaction.errors import DetectorFailed
from chancery_redaction.ports import Ports
from chancery_runtime.keys import LocalKeyring, new_key
from chancery_runtime.stages import in_transaction
from chancery_storage import Database, Journal, load_queries
from chancery_testing.builders import registry_entry, requested
from chancery_testing.waiting import eventually
from integration.redaction.failing_detectors import ALWAYS, WAYS, failing, unloadable
from integration.redaction.unsteady import CutLine, UnsteadyKeys
from prometheus_client import CollectorRegistry

LANGUAGES = LanguageCheck()
QUERIES = load_queries("chancery_redaction")
RAW = "canary.whitcombe@canary-mail.example"
TEXT = f"Write to {RAW} about the fee."
QUICK = StageLimits(retry_first_s=0.01, retry_cap_s=0.1, retry_for_s=30, commit_interval_s=0.1)
SOON = replace(QUICK, retry_for_s=0.3)
BOUNDS = Bounds(processes=1, start_s=30, answer_s=0.5, wait_s=10)


@pytest.fixture(scope="module")
async def tenant(kafka_bootstrap):
    name = f"t{uuid4().hex[:8]}"
    await ensure_topics(kafka_bootstrap, topic_specs([name]))
    return name


@pytest.fixture(scope="module")
async def publisher(kafka_bootstrap):
    opened = await Publisher.start(KafkaAddress(kafka_bootstrap))
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def catalogue(tenant):
    made = Catalogue()
    pins = {name: {"name": name[0], "version": 1} for name in ("prompt", "model", "redaction_policy")}
    made.apply(registry_entry("redaction_policy", "r", {"entity_types": ["PERSON", "EMAIL_ADDRESS"]}, tenant=tenant))
    made.apply(registry_entry("use_case", "bank-faq", {"collections": ["bank-faq"], "budget": "b", **pins}, tenant=tenant))
    return made


class Stand:
    """One stage of one tenant, and what it needs to be built."""

    def __init__(self, kafka, url, tenant, publisher, catalogue):
        self.kafka, self.url, self.tenant, self.publisher, self.catalogue = KafkaAddress(kafka), url, tenant, publisher, catalogue
        self.keys = LocalKeyring(new_key())

    @asynccontextmanager
    async def running(self, make, limits=QUICK):
        database = await Database.open(self.url, schema="redaction", max_size=4)
        await database.migrate("chancery_redaction")
        detector = GuardedDetector(make, BOUNDS)
        await detector.start()

        def ports(connection):
            vault, interactions = PostgresVault(connection, QUERIES, self.keys), PostgresInteractions(connection, QUERIES)
            return Ports(detector, LANGUAGES, vault, KeyedShifts(self.keys), interactions, self.catalogue, system_clock(), 100_000)

        journal = Journal(database, "redaction")
        definition = redaction_stage(lambda h: in_transaction(database, journal, h, system_clock), ports, 8)
        definition = replace(definition, group=f"redaction-{uuid4().hex[:8]}", limits=limits, handle=self._mine(definition.handle))
        runner = StageRunner(definition, self.kafka, namespace="live", registry=CollectorRegistry())
        task = asyncio.create_task(runner.run())
        await asyncio.wait_for(runner.assigned.wait(), 30)
        try:
            yield detector
        finally:
            runner.stop()
            await asyncio.wait_for(task, 30)
            detector.close()
            await database.close()

    def _mine(self, handle):
        """Tests share the broker, and a new group may read what was there before."""
        self.sent = set()

        async def run(received):
            return await handle(received) if received.event.id in self.sent else ()

        return run

    async def ask(self, text=TEXT):
        """Publishes a request; the answers that the stage gave it, once there is one."""
        event = requested(text, tenant=self.tenant, use_case="bank-faq")
        self.sent.add(event.id)
        await self.publisher.publish(event)
        return await eventually(lambda: self.answers(event), within_s=40, every_s=0.1)

    async def answers(self, event):
        return [one for topic in (REDACTED, REFUSED) for one in await self.records(topic.full_name()) if event.id in _told(one)]

    async def records(self, topic):
        reader = await TopicReader.start(self.kafka, [topic])
        ends = {partition: end for partition, end in (await reader.ends()).items() if end > 0}
        await reader.close()
        if not ends:
            return []
        consumer = await start_consumer(self.kafka, group=None)
        consumer.assign(list(ends))
        found = []
        await consumer.seek_to_beginning(*ends)
        while len(found) < sum(ends.values()):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                found += batch
        await consumer.stop()
        return found


def _told(record):
    return dict(record.headers).get("ce_causation", b"").decode()


@pytest.fixture
async def stand(kafka_bootstrap, database_url, tenant, publisher, catalogue):
    return Stand(kafka_bootstrap, database_url, tenant, publisher, catalogue)


def _masked(answers):
    (answer,) = answers
    assert answer.topic == REDACTED.full_name()
    assert b"<EMAIL_ADDRESS_" in answer.value
    return RAW.encode() not in answer.value


def _refused(answers):
    (answer,) = answers
    assert answer.topic == REFUSED.full_name()
    assert b'"redaction_unavailable"' in answer.value
    return RAW.encode() not in answer.value


@pytest.mark.parametrize("way", WAYS)
async def test_a_detector_that_fails_twice_delays_its_request_and_no_more(stand, tmp_path, way):
    async with stand.running(failing(way, 2, tmp_path / "counts")):
        assert _masked(await stand.ask())
        assert _masked(await stand.ask())
    assert len((tmp_path / "counts").read_bytes()) == 4


@pytest.mark.parametrize("way", ["raises", "hangs", "dies", "forgets", "overlaps"])
async def test_a_detector_that_never_recovers_refuses_once_and_passes_nothing(stand, tmp_path, way):
    async with stand.running(failing(way, ALWAYS, tmp_path / "counts"), SOON):
        assert _refused(await stand.ask())
    for topic in (REDACTED.full_name(), REFUSED.full_name()):
        assert not [one for one in await stand.records(topic) if RAW.encode() in one.value]
    assert [one for one in await stand.records(REQUESTED.deadletter_name(stand.tenant)) if RAW.encode() in one.value]


async def test_what_an_analyzer_says_goes_into_no_log(stand, tmp_path, capfd):
    async with stand.running(failing("raises", ALWAYS, tmp_path / "counts"), SOON):
        assert _refused(await stand.ask())
    written = capfd.readouterr()
    assert RAW not in written.out + written.err
    assert "raised ValueError" in written.out + written.err


async def test_a_hanging_detector_holds_up_nobody_elses_request(stand, tmp_path):
    async with stand.running(failing("hangs", 1, tmp_path / "counts")):
        answers = await asyncio.gather(*(stand.ask(f"{TEXT} {number}") for number in range(6)))
    assert all(_masked(one) for one in answers)


async def test_a_key_service_that_comes_back_delays_and_one_that_does_not_refuses(stand, tmp_path):
    keys = stand.keys
    stand.keys = UnsteadyKeys(keys, 3)
    async with stand.running(failing("raises", 0, tmp_path / "counts")):
        assert _masked(await stand.ask())
    stand.keys = UnsteadyKeys(keys, ALWAYS)
    async with stand.running(failing("raises", 0, tmp_path / "counts"), SOON):
        assert _refused(await stand.ask())


async def test_a_database_that_comes_back_delays_and_one_that_does_not_refuses(stand, tmp_path):
    line = CutLine(stand.url)
    await line.lay()
    stand.url = line.url
    async with stand.running(failing("raises", 0, tmp_path / "counts")):
        assert _masked(await stand.ask())
        await line.cut()
        waiting = asyncio.create_task(stand.ask())
        done, _ = await asyncio.wait([waiting], timeout=1.5)
        assert not done
        await line.lay()
        assert _masked(await waiting)
    async with stand.running(failing("raises", 0, tmp_path / "counts"), SOON):
        await line.cut()
        assert _refused(await stand.ask())
        await line.lay()
    await line.cut()


async def test_a_language_that_nobody_reads_is_refused_at_once_and_is_no_dead_letter(stand, tmp_path):
    german = f"Bitte schreiben Sie mir unter {RAW}, ich warte seit drei Wochen auf eine Antwort."
    async with stand.running(failing("raises", 0, tmp_path / "counts")):
        (answer,) = await stand.ask(german)
    assert answer.topic == REFUSED.full_name()
    assert b'"invalid_request"' in answer.value
    assert b"in a language in which personal data is not recognised" in answer.value
    assert RAW.encode() not in answer.value
    letters = await stand.records(REQUESTED.deadletter_name(stand.tenant))
    assert not [one for one in letters if b"Bitte schreiben" in one.value]
    assert not (tmp_path / "counts").exists()


async def test_a_detector_that_cannot_be_loaded_stops_the_start(tmp_path):
    detector = GuardedDetector(unloadable, BOUNDS)
    with pytest.raises(DetectorFailed):
        await detector.start()
    with pytest.raises(DetectorFailed):
        await detector.ping()
    detector.close()


async def test_the_real_detector_finds_in_its_child_what_it_finds_here(tmp_path):
    from chancery_redaction.adapters.detecting import default_detector

    policy = RedactionPolicyBody(entity_types=("PERSON", "EMAIL_ADDRESS", "IBAN_CODE"))
    text = f"My name is Margaret Thistlewood, write to {RAW}, IBAN GB29 NWBK 6016 1331 9268 19."
    guarded, here = GuardedDetector(default_detector, Bounds(processes=1)), default_detector()
    await guarded.start()
    assert await guarded.detect([text, ""], policy) == await here.detect([text, ""], policy) != [[], []]
    guarded.close()
