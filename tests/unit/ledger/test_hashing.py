"""The Merkle tree of RFC 6962."""

from hashlib import sha256

import pytest
from chancery_ledger import EMPTY_ROOT, inclusion_proof, leaf_hash, merkle_root, node_hash, verify_inclusion
from hypothesis import given
from hypothesis import strategies as st

LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=70).map(lambda data: [leaf_hash(one) for one in data])


def by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962 §2.1 word for word: split at the largest power of two below n."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha256(b"").digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\x01" + by_definition(hashes[:split]) + by_definition(hashes[split:])).digest()


def test_known_roots() -> None:
    """The test vectors of Certificate Transparency's reference implementation (merkletree tests)."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    hashes = [leaf_hash(bytes.fromhex(one)) for one in data]
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle_root(hashes[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle_root(hashes[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle_root(hashes).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(LEAVES)
def test_the_root_is_the_recursive_definition(hashes: list[bytes]) -> None:
    assert merkle_root(hashes) == by_definition(hashes)


@given(LEAVES, st.data())
def test_every_leaf_is_proved_and_no_other_is(hashes: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(hashes) - 1))
    root, proof = merkle_root(hashes), inclusion_proof(hashes, index)
    assert verify_inclusion(hashes[index], index, len(hashes), proof, root)
    assert not verify_inclusion(leaf_hash(b"something else of more than 8"), index, len(hashes), proof, root)
    assert not verify_inclusion(hashes[index], index, len(hashes), [*proof, root], root)
    assert not verify_inclusion(hashes[index], index, len(hashes), proof, EMPTY_ROOT)
    if proof:
        assert not verify_inclusion(hashes[index], index, len(hashes), proof[:-1], root)
        flipped = bytes([proof[0][0] ^ 1]) + proof[0][1:]
        assert not verify_inclusion(hashes[index], index, len(hashes), [flipped, *proof[1:]], root)


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0)])
def test_places_outside_of_the_tree_are_refused(index: int, size: int) -> None:
    assert not verify_inclusion(leaf_hash(b""), index, size, [], leaf_hash(b""))
    with pytest.raises(IndexError):
        inclusion_proof([leaf_hash(b"")] * size, index)


def test_leaves_nodes_and_their_order_are_told_apart() -> None:
    left, right = leaf_hash(b"l"), leaf_hash(b"r")
    assert node_hash(left, right) != node_hash(right, left)
    assert leaf_hash(left + right) != node_hash(left, right)
