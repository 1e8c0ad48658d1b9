"""A cloud's KMS: the wire's stand-in always, a real one (moto's) where `CHANCERY_TEST_KMS` has its address."""

import os
from datetime import UTC, datetime

import httpx
import pytest
from chancery_runtime.errors import KeyDestroyed, KeyServiceDown
from chancery_runtime.keys import new_key
from chancery_runtime.keys.kms import KmsKeys
from chancery_runtime.keys.kms_wire import KmsWire
from chancery_runtime.keys.sigv4 import Credentials, Target, signed
from chancery_testing.kms import KmsFake
from integration.runtime.key_services import CONTEXT, KeyServiceContract

REAL = os.environ.get("CHANCERY_TEST_KMS")
CREDENTIALS = Credentials("AKIDTEST", "secret-of-a-test")


class TestStandIn(KeyServiceContract):
    @pytest.fixture
    def kms(self):
        return KmsFake()

    @pytest.fixture
    async def http(self, kms):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(kms.app())) as http:
            yield http

    @pytest.fixture
    def opened(self, http):
        return lambda lineage: KmsKeys(KmsWire(http, "https://kms.eu-west-1.amazonaws.com", "eu-west-1", CREDENTIALS), lineage)

    @pytest.fixture
    def interrupt(self, kms):
        def throttle():
            kms.throttled = True

        return throttle

    async def test_a_hot_tenant_costs_one_call_a_key(self, keys, tenant, kms):
        await keys.wrap(tenant, new_key(), CONTEXT)
        kms.calls.clear()
        await keys.unwrap(tenant, await keys.wrap(tenant, new_key(), CONTEXT), CONTEXT)
        assert kms.calls == ["Encrypt", "Decrypt"]

    async def test_a_rotation_that_died_half_way_is_taken_up_again(self, keys, tenant, kms):
        """The key of the version was made and named, and did not become the current one."""
        await keys.wrap(tenant, new_key(), CONTEXT)
        (made,) = [kms._CreateKey({"Description": f"chancery vault {tenant} v2"})]
        kms.aliases[f"alias/chancery-vault-{tenant}-v2"] = made["KeyMetadata"]["KeyId"]
        assert (await keys.versions(tenant)).current == 1
        assert (await keys.rotate(tenant)).current == 2
        assert (await keys.rotate(tenant)).current == 3

    async def test_a_key_that_is_gone_after_its_waiting_time_is_still_an_erasure(self, keys, tenant, kms):
        wrapped = await keys.wrap(tenant, new_key(), CONTEXT)
        await keys.rotate(tenant)
        await keys.destroy_before(tenant, 2)
        kms.delete(next(key for key in kms.keys.values() if key.state == "PendingDeletion"))
        with pytest.raises(KeyDestroyed):
            await keys.unwrap(tenant, wrapped, CONTEXT)
        assert (await keys.versions(tenant)).oldest == 2

    async def test_a_key_that_somebody_has_disabled_is_no_erasure(self, keys, tenant, kms):
        wrapped = await keys.wrap(tenant, new_key(), CONTEXT)
        for key in kms.keys.values():
            key.state = "Disabled"
        with pytest.raises(KeyServiceDown):
            await keys.unwrap(tenant, wrapped, CONTEXT)

    async def test_a_wrong_secret_is_no_erasure(self, http, keys, tenant):
        wrapped = await keys.wrap(tenant, new_key(), CONTEXT)
        wire = KmsWire(http, "https://kms.eu-west-1.amazonaws.com", "eu-west-1", Credentials("AKIDTEST", "wrong"))
        with pytest.raises(KeyServiceDown):
            await KmsKeys(wire, "vault").unwrap(tenant, wrapped, CONTEXT)


@pytest.mark.skipif(REAL is None, reason="CHANCERY_TEST_KMS names no KMS")
class TestRealKms(KeyServiceContract):
    @pytest.fixture
    async def http(self):
        async with httpx.AsyncClient() as http:
            yield http

    @pytest.fixture
    def opened(self, http):
        return lambda lineage: KmsKeys(KmsWire(http, REAL or "", "eu-west-1", CREDENTIALS), lineage)

    @pytest.fixture
    def interrupt(self, http):
        def refuse():
            http._transport = httpx.MockTransport(lambda _: httpx.Response(503))
            http._mounts = {}

        return refuse

    @pytest.mark.skip(reason="moto decrypts with keys that wait for their deletion, which AWS documents as KMSInvalidStateException")
    async def test_a_destroyed_version_opens_nothing_for_anybody_ever(self):
        """Shown by the stand-in."""


def test_signatures_are_those_of_the_published_example():
    """`post-vanilla` of AWS's test suite for Signature Version 4."""
    now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    headers = signed(credentials, Target("example.amazonaws.com", "us-east-1", "service"), {}, b"", now)
    assert headers["authorization"].endswith("Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
