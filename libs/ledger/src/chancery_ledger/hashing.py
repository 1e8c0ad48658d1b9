"""Hashes of a Merkle tree (RFC 6962 §2.1) and inclusion proofs over it."""

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 §2.1: leaf hashes are prefixed with 0x00."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 §2.1: node hashes are prefixed with 0x01."""
    return sha256(b"\x01" + left + right).digest()


def split_point(size: int) -> int:
    """The largest power of two smaller than `size` (> 1)."""
    return 1 << (size - 1).bit_length() - 1


def merkle_root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    at = split_point(len(hashes))
    return node_hash(merkle_root(hashes[:at]), merkle_root(hashes[at:]))


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 6962 §2.1.1: the sibling hashes from the leaf up."""
    if len(hashes) == 1:
        return []
    at = split_point(len(hashes))
    if index < at:
        return [*inclusion_proof(hashes[:at], index), merkle_root(hashes[at:])]
    return [*inclusion_proof(hashes[at:], index - at), merkle_root(hashes[:at])]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2: True when the leaf hash stands at `index` of the tree of that size and root."""
    if not 0 <= index < size:
        return False
    node, last, running = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            running = node_hash(sibling, running)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and running == root
