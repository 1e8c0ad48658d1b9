"""The Merkle tree of RFC 6962 §2.1, over SHA-256. Trees are given by the hashes of their leaves, in order."""

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 §2.1: a leaf's hash is prefixed with 00, so that no node can pass for a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 §2.1: a node's hash is prefixed with 01."""
    return sha256(b"\x01" + left + right).digest()


def merkle_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1; EMPTY_ROOT for no leaves. Pairs are joined level by level, an odd last one rises unchanged."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = list(leaf_hashes)
    while len(level) > 1:
        level = _next_level(level)
    return level[0]


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 §2.1.1: the siblings from the leaf to the root. Raises IndexError outside of the tree."""
    if not 0 <= index < len(leaf_hashes):
        raise IndexError(index)
    level, proof = list(leaf_hashes), []
    while len(level) > 1:
        if index ^ 1 < len(level):
            proof.append(level[index ^ 1])
        level, index = _next_level(level), index >> 1
    return proof


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """True if `leaf` (its hash) is the `index`-th of `size` leaves under `root` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaf_hashes: Sequence[bytes], old: int) -> list[bytes]:
    """PROOF(old, D[n]) of RFC 6962 §2.1.2: that the first `old` leaves are those of the earlier tree. Raises IndexError outside of it."""
    if not 0 < old <= len(leaf_hashes):
        raise IndexError(old)
    return [merkle_root(leaf_hashes[low:high]) for low, high in consistency_ranges(old, len(leaf_hashes))]


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """True if the tree of `new` leaves begins with that of `old` (RFC 9162 §2.1.4.2). Everything follows the empty tree."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    node, last = _without_trailing_ones(old - 1, new - 1)
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The stretches of leaves whose roots make PATH(index, D[size]), from the leaf to the root."""
    if not 0 <= index < size:
        raise IndexError(index)
    ranges, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The stretches of leaves whose roots make PROOF(old, D[new]), in the proof's order."""
    if not 0 < old <= new:
        raise IndexError(old)
    ranges, low, high = [], 0, new
    while old < high:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:  # else the old tree is a subtree on the left edge, whose root the verifier has
        ranges.append((low, high))
    return ranges[::-1]


def join_roots(roots: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees that get smaller from left to right: joined from the right. At least one."""
    found = roots[-1]
    for root in reversed(roots[:-1]):
        found = node_hash(root, found)
    return found


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _without_trailing_ones(node: int, last: int) -> tuple[int, int]:
    while node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _next_level(level: list[bytes]) -> list[bytes]:
    joined = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return joined + level[len(joined) * 2 :]
