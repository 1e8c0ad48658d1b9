"""What every key service must do: one suite, which the adapters' tests inherit."""

import asyncio
from uuid import uuid4

import pytest
from chancery_runtime.errors import CorruptSeal, KeyDestroyed, KeyServiceDown
from chancery_runtime.keys import new_key

CONTEXT = "subject/t/matter:m-1/abc"


class KeyServiceContract:
    """Fixtures of a subclass: `opened(lineage)`, another process's view of one key service, and `interrupt()`, which takes it down."""

    @pytest.fixture
    def keys(self, opened):
        return opened("vault")

    @pytest.fixture
    def tenant(self):
        return f"t-{uuid4().hex[:8]}"

    async def test_what_is_wrapped_comes_back_also_in_another_process(self, keys, opened, tenant):
        for _ in range(5):
            key = new_key()
            wrapped = await keys.wrap(tenant, key, CONTEXT)
            assert key not in wrapped
            assert await keys.unwrap(tenant, wrapped, CONTEXT) == key
            assert await opened("vault").unwrap(tenant, wrapped, CONTEXT) == key

    async def test_another_context_tenant_or_lineage_opens_nothing(self, keys, opened, tenant):
        wrapped = await keys.wrap(tenant, new_key(), CONTEXT)
        other_lineage = opened("trail")
        await other_lineage.wrap(tenant, new_key(), CONTEXT)
        await keys.wrap("t-other", new_key(), CONTEXT)
        for service, whose, context in (
            (keys, tenant, CONTEXT + "x"), (keys, "t-other", CONTEXT), (other_lineage, tenant, CONTEXT),
        ):  # fmt: skip
            for call in (service.unwrap, service.rewrap):
                with pytest.raises(CorruptSeal):
                    await call(whose, wrapped, context)

    async def test_changed_and_cut_bytes_are_an_alarm(self, keys, tenant):
        wrapped = await keys.wrap(tenant, new_key(), CONTEXT)
        for broken in (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), wrapped[:-10], b"", b"\x63" + wrapped[1:]):
            with pytest.raises(CorruptSeal):
                await keys.unwrap(tenant, broken, CONTEXT)

    async def test_many_that_are_first_at_once_agree(self, opened, tenant):
        services, made = [opened("vault") for _ in range(8)], [new_key() for _ in range(8)]
        wrapped = await asyncio.gather(*(one.wrap(tenant, key, CONTEXT) for one, key in zip(services, made, strict=True)))
        assert [await services[0].unwrap(tenant, one, CONTEXT) for one in wrapped] == made
        assert (await services[0].versions(tenant)).current == 1

    async def test_a_new_version_wraps_and_the_old_one_opens(self, keys, opened, tenant):
        before_key, elsewhere = new_key(), opened("vault")
        assert (await keys.versions(tenant)).current == 0
        before = await elsewhere.wrap(tenant, before_key, CONTEXT)
        assert (await keys.rotate(tenant)).current == 2
        now = await elsewhere.versions(tenant)
        after = await elsewhere.wrap(tenant, before_key, CONTEXT)
        assert (now.current, after.startswith(now.mark), before.startswith(now.mark)) == (2, True, False)
        assert [await keys.unwrap(tenant, one, CONTEXT) for one in (before, after)] == [before_key] * 2

    async def test_rewrapping_changes_the_version_and_not_the_key(self, keys, tenant):
        key = new_key()
        before = await keys.wrap(tenant, key, CONTEXT)
        now = await keys.rotate(tenant)
        after = await keys.rewrap(tenant, before, CONTEXT)
        assert after.startswith(now.mark)
        assert await keys.unwrap(tenant, after, CONTEXT) == key
        assert (await keys.rewrap(tenant, after, CONTEXT)).startswith(now.mark)

    async def test_a_destroyed_version_opens_nothing_for_anybody_ever(self, keys, opened, tenant):
        key = new_key()
        before = await keys.wrap(tenant, key, CONTEXT)
        await keys.rotate(tenant)
        after = await keys.rewrap(tenant, before, CONTEXT)
        for _ in range(2):  # again, it does nothing
            await keys.destroy_before(tenant, 2)
            assert (await keys.versions(tenant)).oldest == 2
        for service in (keys, opened("vault")):
            for call in (service.unwrap, service.rewrap):
                with pytest.raises(KeyDestroyed):
                    await call(tenant, before, CONTEXT)
            assert await service.unwrap(tenant, after, CONTEXT) == key
        assert (await keys.rotate(tenant)).current == 3
        assert await keys.unwrap(tenant, await keys.wrap(tenant, key, CONTEXT), CONTEXT) == key

    async def test_one_tenants_or_lineages_versions_are_its_own(self, keys, opened, tenant):
        trail, key = opened("trail"), new_key()
        kept = await trail.wrap(tenant, key, CONTEXT)
        await keys.wrap(tenant, key, CONTEXT)
        await keys.rotate(tenant)
        await keys.destroy_before(tenant, 2)
        assert ((await trail.versions(tenant)).current, await trail.unwrap(tenant, kept, CONTEXT)) == (1, key)

    async def test_derived_keys_are_the_same_for_ever_and_each_its_own(self, keys, opened, tenant):
        first = await keys.derive(tenant, "pseudonym")
        await keys.wrap(tenant, new_key(), CONTEXT)
        await keys.rotate(tenant)
        await keys.destroy_before(tenant, 2)
        assert first == await keys.derive(tenant, "pseudonym") == await opened("trail").derive(tenant, "pseudonym")
        assert len({first, await keys.derive(tenant, "digest"), await keys.derive("t-other", "pseudonym")}) == 3
        assert len(first) == 32

    async def test_one_that_is_down_is_to_be_asked_again(self, keys, opened, tenant, interrupt):
        wrapped = await keys.wrap(tenant, new_key(), CONTEXT)
        interrupt()
        for service in (keys, opened("vault")):
            for call in (
                service.wrap(tenant, new_key(), CONTEXT), service.unwrap(tenant, wrapped, CONTEXT),
                service.rewrap(tenant, wrapped, CONTEXT), service.versions(tenant), service.rotate(tenant),
                service.destroy_before(tenant, 1),
            ):  # fmt: skip
                with pytest.raises(KeyServiceDown) as caught:
                    await call
                assert caught.value.code == "redaction_unavailable"
