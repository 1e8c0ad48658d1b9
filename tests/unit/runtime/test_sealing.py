"""Sealing and wrapping, over everything that can be sealed."""

import asyncio

import pytest
from chancery_runtime.errors import CorruptSeal, KeyDestroyed
from chancery_runtime.keys import LocalKeyring, new_key, seal, unseal
from chancery_runtime.keys.envelope import KMS, LOCAL, TRANSIT, mark, pack, unpack
from chancery_runtime.keys.ring import Lineage, Ring, dump, parse
from chancery_runtime.keys.succession import Succession
from hypothesis import given
from hypothesis import strategies as st

KEYS = st.binary(min_size=32, max_size=32)


@given(KEYS, st.binary(max_size=2_000), st.binary(max_size=100))
def test_what_is_sealed_opens_under_its_key_in_its_place_and_nowhere_else(key, plaintext, associated):
    sealed = seal(key, plaintext, associated)
    assert unseal(key, sealed, associated) == plaintext
    for wrong in ((new_key(), sealed, associated), (key, sealed[:-1], associated), (key, sealed, associated + b"x")):
        with pytest.raises(CorruptSeal):
            unseal(*wrong)


@given(KEYS, st.binary(min_size=28, max_size=200), st.data())
def test_no_changed_bit_opens(key, plaintext, data):
    sealed = bytearray(seal(key, plaintext, b""))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CorruptSeal):
        unseal(key, bytes(sealed), b"")


@given(st.sampled_from([LOCAL, TRANSIT, KMS]), st.integers(0, 2**32 - 1), st.binary(min_size=60, max_size=200))
def test_an_envelope_says_whose_it_is_and_which_version(form, version, body):
    packed = pack(form, version, body)
    assert unpack(packed, form) == (version, body)
    assert packed.startswith(mark(form, version))
    for other in {LOCAL, TRANSIT, KMS} - {form}:
        with pytest.raises(CorruptSeal):
            unpack(packed, other)


@given(st.integers(0, 2**32 - 2))
def test_versions_sort_as_their_marks_do(version):
    """The database compares them."""
    assert mark(LOCAL, version) < mark(LOCAL, version + 1)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_open_by_chance_or_break_anything(wrapped):
    keys = LocalKeyring(b"r" * 32)

    async def work():
        await keys.wrap("t", new_key(), "c")
        with pytest.raises((CorruptSeal, KeyDestroyed)):
            await keys.unwrap("t", wrapped, "c")

    asyncio.run(work())


@given(
    KEYS,
    st.dictionaries(
        st.from_regex(r"\A[a-z]{1,8}/[a-z0-9-]{1,12}\Z"),
        st.builds(
            lambda oldest, keys: Lineage(oldest + len(keys) - 1, oldest, dict(enumerate(keys, max(oldest, 1))), None),
            st.integers(1, 50), st.lists(KEYS, min_size=1, max_size=4),
        ),
    ),
)  # fmt: skip
def test_a_ring_comes_back_from_its_file(root, lineages):
    ring = Ring(root, lineages)
    assert parse(dump(ring), "ring") == ring


@given(st.lists(st.sampled_from(["wrap", "rotate", "rewrap", "destroy"]), max_size=30))
def test_whatever_is_ordered_what_is_rewrapped_opens_and_what_is_left_behind_is_erased(orders):
    keys = LocalKeyring(b"r" * 32)

    async def work():
        held, oldest = [], 0
        for order in orders:
            if order == "wrap":
                key = new_key()
                held.append((key, await keys.wrap("t", key, "c")))
            elif order == "rotate":
                await keys.rotate("t")
            elif order == "rewrap":
                held = [(key, await keys.rewrap("t", one, "c")) for key, one in held if unpack(one, LOCAL)[0] >= oldest]
            else:
                oldest = (await keys.versions("t")).current
                await keys.destroy_before("t", oldest)
        for key, one in held:
            if unpack(one, LOCAL)[0] < oldest:
                with pytest.raises(KeyDestroyed):
                    await keys.unwrap("t", one, "c")
            else:
                assert await keys.unwrap("t", one, "c") == key

    asyncio.run(work())


async def test_one_key_service_follows_another():
    """Hashes stay; what the older one wrapped opens and moves; then it holds nothing that opens anything."""
    local = LocalKeyring(b"o" * 32)
    newer = LocalKeyring(b"n" * 32)
    key, before = new_key(), await local.wrap("t", (old := new_key()), "c")

    class Other(LocalKeyring):
        """Of another format, as Vault's is."""

        async def wrap(self, tenant, key, context):
            _, body = unpack(await newer.wrap(tenant, key, context), LOCAL)
            return pack(TRANSIT, 1, body)

        async def unwrap(self, tenant, wrapped, context):
            return await newer.unwrap(tenant, pack(LOCAL, *unpack(wrapped, TRANSIT)), context)

    both = Succession(Other(b"n" * 32), TRANSIT, local)
    after = await both.wrap("t", key, "c")
    moved = await both.rewrap("t", before, "c")
    assert [await both.unwrap("t", one, "c") for one in (before, after, moved)] == [old, key, old]
    assert await both.derive("t", "pseudonym") == await local.derive("t", "pseudonym")
    await both.destroy_before("t", 1)
    with pytest.raises(KeyDestroyed):
        await both.unwrap("t", before, "c")
    assert await both.unwrap("t", moved, "c") == old
