"""Real Kafka and PostgreSQL as children: they serve, keep their data, and survive rough treatment."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from chancery_local import EmbeddedServers, embedded_servers
from chancery_local.errors import ChildDiedError, HomeBusyError
from chancery_local.ports import PortBook

SIX_MEBIBYTES = 6 * 1024 * 1024


async def _make_topic(servers: EmbeddedServers) -> str:
    name = f"t-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 3, 1)])
    finally:
        await admin.close()
    return name


async def _produce(servers: EmbeddedServers, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka_bootstrap, acks="all", max_request_size=SIX_MEBIBYTES)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def _consume_one(servers: EmbeddedServers, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=servers.kafka_bootstrap,
        group_id=f"g-{uuid4().hex[:8]}",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=SIX_MEBIBYTES,
    )
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), 30)
        return bytes(record.value)
    finally:
        await consumer.stop()


async def _query(servers: EmbeddedServers, statement: str) -> object:
    connection = await asyncpg.connect(servers.database_url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


class TestKafka:
    async def test_it_carries_messages_of_up_to_six_mebibytes_through_a_group(self, victims: EmbeddedServers) -> None:
        topic = await _make_topic(victims)
        value = bytes(SIX_MEBIBYTES - 4096)
        await _produce(victims, topic, value)
        assert await _consume_one(victims, topic) == value

    async def test_it_makes_no_topic_that_nobody_asked_for(self, victims: EmbeddedServers) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=victims.kafka_bootstrap)
        await admin.start()
        try:
            await admin.describe_topics(["nobody-asked"])
            assert "nobody-asked" not in await admin.list_topics()
        finally:
            await admin.close()

    async def test_messages_outlive_kill_nine(self, victims: EmbeddedServers) -> None:
        topic = await _make_topic(victims)
        await _produce(victims, topic, b"kept")
        victims.kafka.kill()
        assert not victims.kafka.ready()
        await asyncio.to_thread(victims.kafka.restart)
        assert await _consume_one(victims, topic) == b"kept"

    async def test_it_serves_again_after_it_was_frozen(self, victims: EmbeddedServers) -> None:
        topic = await _make_topic(victims)
        victims.kafka.pause()
        assert not victims.kafka.ready()
        victims.kafka.resume()
        await _produce(victims, topic, b"thawed")
        assert await _consume_one(victims, topic) == b"thawed"

    async def test_it_lives_on_when_the_thread_that_restarted_it_ends(self, victims: EmbeddedServers) -> None:
        thread = threading.Thread(target=victims.kafka.restart)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert victims.kafka.ready()

    def test_it_listens_on_the_loopback_interface_only(self, victims: EmbeddedServers) -> None:
        for pid in (victims.kafka.pid, victims.postgres.pid):
            connections = psutil.Process(pid).net_connections("inet")
            addresses = {one.laddr.ip.removeprefix("::ffff:") for one in connections if one.status == psutil.CONN_LISTEN}
            assert addresses == {"127.0.0.1"}


class TestPostgres:
    async def test_every_new_database_has_vectors(self, victims: EmbeddedServers) -> None:
        name = f"fresh_{uuid4().hex[:8]}"
        await _query(victims, f"CREATE DATABASE {name}")
        connection = await asyncpg.connect(victims.database_url.rpartition("/")[0] + f"/{name}")
        try:
            await connection.execute("CREATE TABLE item (embedding vector(3))")
            await connection.execute("CREATE INDEX ON item USING hnsw (embedding vector_cosine_ops)")
            assert await connection.fetchval("SELECT '[1,0,0]'::vector <=> '[0,1,0]'::vector") == pytest.approx(1.0)
        finally:
            await connection.close()

    async def test_it_is_version_eighteen_and_durable(self, victims: EmbeddedServers) -> None:
        assert str(await _query(victims, "SHOW server_version")).startswith("18.")
        assert [await _query(victims, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3

    async def test_a_wrong_password_is_refused(self, victims: EmbeddedServers) -> None:
        head, _, tail = victims.database_url.partition("@")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"{head.rpartition(':')[0]}:wrong@{tail}")

    async def test_what_was_committed_outlives_kill_nine_with_a_query_running(self, victims: EmbeddedServers) -> None:
        await _query(victims, "CREATE TABLE kept AS SELECT 41 + 1 AS answer")
        busy = asyncio.create_task(_query(victims, "SELECT pg_sleep(600)"))
        statement = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND pid <> pg_backend_pid()"
        async with asyncio.timeout(10):
            while await _query(victims, statement) != 1:  # noqa: ASYNC110  # the condition is in the database
                await asyncio.sleep(0)
        victims.postgres.kill()
        await asyncio.to_thread(victims.postgres.restart)
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await busy
        assert await _query(victims, "SELECT answer FROM kept") == 42

    async def test_a_pid_file_that_names_another_program_does_not_stop_it(self, victims: EmbeddedServers, tmp_path: Path) -> None:
        victims.postgres.kill()
        folder = victims.postgres.plan.launch().cwd
        pid_file = folder / "postmaster.pid"
        assert pid_file.exists()
        stranger = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)  # noqa: ASYNC220
        try:
            lines = pid_file.read_text().splitlines()
            pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
            await asyncio.to_thread(victims.postgres.restart)
            assert await _query(victims, "SELECT 1") == 1
            assert stranger.poll() is None
        finally:
            stranger.communicate()


class TestHome:
    async def test_data_and_addresses_are_the_same_after_a_restart(self, tmp_path: Path) -> None:
        with embedded_servers(tmp_path) as first:
            addresses = (first.kafka_bootstrap, first.database_url)
            topic = await _make_topic(first)
            await _produce(first, topic, b"kept")
            await _query(first, "CREATE TABLE kept AS SELECT 1 AS one")
        with embedded_servers(tmp_path) as second:
            assert (second.kafka_bootstrap, second.database_url) == addresses
            assert await _consume_one(second, topic) == b"kept"
            assert await _query(second, "SELECT one FROM kept") == 1

    def test_it_has_one_owner(self, tmp_path: Path) -> None:
        with embedded_servers(tmp_path, only=("postgres",)), pytest.raises(HomeBusyError), embedded_servers(tmp_path):
            pass

    def test_a_port_stolen_meanwhile_is_told_with_the_log(self, tmp_path: Path) -> None:
        with embedded_servers(tmp_path, only=("postgres",)) as servers:
            url, book = servers.database_url, PortBook(tmp_path / "ports.json")
            servers.postgres.kill()
            port = int(url.rpartition(":")[2].partition("/")[0])
            thief = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
            with subprocess.Popen(thief, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                try:
                    while not _listens(process.pid, port):
                        assert process.poll() is None
                    with pytest.raises(ChildDiedError, match=r"port was taken(.|\n)*Address already in use"):
                        servers.postgres.restart()
                finally:
                    process.kill()
            assert book.port("postgres") == port


def _listens(pid: int, port: int) -> bool:
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in psutil.Process(pid).net_connections("inet"))
