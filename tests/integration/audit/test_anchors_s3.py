"""Anchors in a real S3 server with object lock: what is there stays there, and tells a rewritten log."""

import io
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from chancery_audit.adapters.anchor_s3 import Bucket, S3Anchor
from chancery_audit.errors import AnchorContradicted, AnchorDown, AnchorFailed
from chancery_contracts.event import system_clock
from chancery_ledger import Malformed
from chancery_local.artifacts import default_cache
from chancery_testing.object_lock import NoServer, binary, s3_server
from integration.audit.anchoring import anchoring, command, grow, rewrite, stored
from minio import Minio
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.error import S3Error
from minio.retention import Retention

pytestmark = pytest.mark.timeout(1000)  # the server is built once, where it is not in the cache


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    try:
        with s3_server(binary(default_cache() / "tests"), tmp_path_factory.mktemp("s3")) as found:
            yield found
    except NoServer as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="module")
def client(server):
    """The bucket's owner, who may do all that object lock lets anybody do."""
    return Minio(server.endpoint, server.access_key, server.secret_key, secure=False, region="us-east-1")


@pytest.fixture
def bucket(client):
    name = f"anchors-{uuid4().hex[:8]}"
    client.make_bucket(name, object_lock=True)
    return name


@pytest.fixture
def make(server):
    def _make(bucket, days=1, **changes):
        given = {"region": "us-east-1", "access_key": server.access_key, "secret_key": server.secret_key} | changes
        return S3Anchor(Bucket.parse(f"http://{server.endpoint}/{bucket}/trail", **given), days, 5, system_clock)

    return _make


async def _anchored(audit, tenant, anchor):
    await anchoring(audit, anchor).anchor_due()
    (row,) = await stored(audit, tenant)
    return json.loads(row["evidence"])


def _fetched(client, where):
    response = client.get_object(where["bucket"], where["key"], version_id=where["version"])
    try:
        return response.read().decode()
    finally:
        response.close()
        response.release_conn()


class TestACheckpointUnderLock:
    async def test_is_the_signed_note_in_compliance_mode_for_the_days_that_are_set(self, audit, tenant, make, bucket, client):
        note = await grow(audit, tenant, 3)
        where = await _anchored(audit, tenant, make(bucket, days=3))
        assert where["key"] == f"trail/{tenant}/000000000003.checkpoint"
        assert _fetched(client, where) == note
        lock = client.get_object_retention(bucket, where["key"], version_id=where["version"])
        assert (lock.mode, lock.retain_until_date.isoformat()) == (COMPLIANCE, where["locked_until"])
        assert abs(lock.retain_until_date - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=1)

    async def test_is_not_deleted_nor_unlocked_nor_replaced_by_its_owner(self, audit, tenant, make, bucket, client):
        """A delete without a version, or a new version, hides it from who asks for the newest; the one that the evidence names stays."""
        note = await grow(audit, tenant)
        where = await _anchored(audit, tenant, make(bucket))
        key, version = where["key"], where["version"]
        tomorrow = datetime.now(UTC) + timedelta(seconds=5)
        for attempt in (
            lambda: client.remove_object(bucket, key, version_id=version),
            lambda: client.set_object_retention(bucket, key, Retention(COMPLIANCE, tomorrow), version_id=version),
            lambda: client.set_object_retention(bucket, key, Retention(GOVERNANCE, tomorrow), version_id=version),
        ):
            with pytest.raises(S3Error) as refused:
                attempt()
            assert refused.value.code in {"AccessDenied", "InvalidRequest"}
        client.put_object(bucket, key, io.BytesIO(b"forged"), 6)
        client.remove_object(bucket, key)
        assert _fetched(client, where) == note
        with pytest.raises(S3Error):
            client.remove_bucket(bucket)

    @pytest.mark.parametrize("grows_to", [3, 7])
    async def test_tells_a_log_that_was_rewritten_with_database_and_key(self, audit, tenant, make, bucket, client, url, tmp_path, grows_to):
        await grow(audit, tenant, 3)
        where = await _anchored(audit, tenant, make(bucket))
        note = tmp_path / "note"
        note.write_text(_fetched(client, where))
        key = (await audit.text(f"log/{tenant}/key")).strip()
        verify = ("verify", "--tenant", tenant, "--key", key, "--since", str(note))
        status, out, err = await command(url, *verify)
        assert (status, "continues your checkpoint of 3" in out) == (0, True), err
        await rewrite(audit, tenant)
        await grow(audit, tenant, grows_to)
        status, out, err = await command(url, *verify)
        assert (status, out, "[LOG_FORKED]" in err) == (1, "", True)

    async def test_is_contradicted_by_another_of_the_same_size(self, audit, tenant, make, bucket):
        await grow(audit, tenant, 3)
        await _anchored(audit, tenant, make(bucket))
        await rewrite(audit, tenant)
        with pytest.raises(AnchorContradicted, match="another checkpoint of this size"):
            await make(bucket).publish(tenant, 3, await grow(audit, tenant, 3))


class TestTheBucket:
    async def test_has_a_checkpoint_once_though_the_process_died_before_it_was_stored(self, audit, tenant, make, bucket, client):
        note = await grow(audit, tenant)
        first = await make(bucket).publish(tenant, 1, note)
        where = await _anchored(audit, tenant, make(bucket))
        assert json.loads(first.evidence)["version"] == where["version"]

    async def test_that_does_not_lock_is_refused(self, tenant, make, client):
        plain = f"plain-{uuid4().hex[:8]}"
        client.make_bucket(plain)
        with pytest.raises(AnchorFailed) as refused:
            await make(plain).publish(tenant, 1, "a note\n")
        assert not isinstance(refused.value, AnchorDown)

    async def test_that_is_not_there_or_not_ours_is_told_without_its_words(self, tenant, make, bucket):
        with pytest.raises(AnchorFailed, match="refuses: NoSuchBucket"):
            await make("nowhere").publish(tenant, 1, "a note\n")
        with pytest.raises(AnchorFailed, match="refuses: SignatureDoesNotMatch"):
            await make(bucket, secret_key="another").publish(tenant, 1, "a note\n")

    async def test_that_does_not_answer_is_down(self, tenant):
        parsed = Bucket.parse("http://127.0.0.1:9/anchors", "us-east-1", "a", "b")
        with pytest.raises(AnchorDown, match="does not answer"):
            await S3Anchor(parsed, 1, 1, system_clock).publish(tenant, 1, "a note\n")

    @pytest.mark.parametrize(
        "url", ["", "bucket", "ftp://s3.example/b", "https://s3.example", "https://s3.example/", "https://a:b@s3/b", "https://s3/b?x"]
    )
    def test_that_is_set_wrongly_is_told_at_the_start(self, url):
        with pytest.raises(Malformed):
            Bucket.parse(url, "us-east-1", "a", "b")
