"""Vault's transit engine: the wire's stand-in always, a real Vault where `CHANCERY_TEST_VAULT` names one ("address token")."""

import os

import httpx
import pytest
from chancery_runtime.errors import KeyServiceDown
from chancery_runtime.keys import new_key
from chancery_runtime.keys.transit import TransitKeys
from chancery_testing.transit import TransitFake
from integration.runtime.key_services import CONTEXT, KeyServiceContract

REAL = os.environ.get("CHANCERY_TEST_VAULT")


class TestStandIn(KeyServiceContract):
    @pytest.fixture
    def vault(self):
        return TransitFake()

    @pytest.fixture
    async def http(self, vault):
        transport = httpx.ASGITransport(vault.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://vault", headers={"X-Vault-Token": "root"}) as http:
            yield http

    @pytest.fixture
    def opened(self, http):
        return lambda lineage: TransitKeys(http, lineage)

    @pytest.fixture
    def interrupt(self, vault):
        def seal():
            vault.sealed = True

        return seal

    async def test_a_hot_tenant_costs_one_call_a_key(self, keys, tenant, vault):
        await keys.wrap(tenant, new_key(), CONTEXT)
        vault.calls.clear()
        await keys.unwrap(tenant, await keys.wrap(tenant, new_key(), CONTEXT), CONTEXT)
        assert len(vault.calls) == 2

    async def test_destroying_that_died_half_way_is_taken_up_again(self, keys, tenant, vault):
        await keys.wrap(tenant, new_key(), CONTEXT)
        await keys.rotate(tenant)
        (name,) = vault.keys
        vault.keys[name].min_decryption_version = vault.keys[name].min_encryption_version = 2
        assert (await keys.versions(tenant)).oldest == 1
        await keys.destroy_before(tenant, 2)
        assert (set(vault.keys[name].versions), (await keys.versions(tenant)).oldest) == ({2}, 2)

    async def test_a_wrong_token_and_a_wrong_mount_are_no_erasure(self, http, keys, tenant):
        wrapped = await keys.wrap(tenant, new_key(), CONTEXT)
        http.headers["X-Vault-Token"] = "wrong"
        with pytest.raises(KeyServiceDown):
            await keys.unwrap(tenant, wrapped, CONTEXT)

    async def test_a_key_that_is_gone_altogether_is_no_erasure(self, keys, tenant, vault):
        wrapped = await keys.wrap(tenant, new_key(), CONTEXT)
        vault.keys.clear()
        with pytest.raises(KeyServiceDown):
            await keys.unwrap(tenant, wrapped, CONTEXT)


@pytest.mark.skipif(REAL is None, reason="CHANCERY_TEST_VAULT names no Vault")
class TestRealVault(KeyServiceContract):
    @pytest.fixture
    async def http(self):
        address, token = (REAL or " ").split()
        async with httpx.AsyncClient(base_url=address, headers={"X-Vault-Token": token}) as http:
            await http.post("/v1/sys/mounts/transit", json={"type": "transit"})
            yield http

    @pytest.fixture
    def opened(self, http):
        return lambda lineage: TransitKeys(http, lineage)

    @pytest.fixture
    def interrupt(self, http):
        def refuse():
            http.headers["X-Vault-Token"] = "nobody"

        return refuse
