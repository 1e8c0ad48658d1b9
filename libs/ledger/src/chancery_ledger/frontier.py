"""The right edge of a growing tree: all that an appender must keep to say the root after every leaf."""

from collections.abc import Iterable

from chancery_ledger.errors import Malformed
from chancery_ledger.hashing import EMPTY_ROOT, join_roots, node_hash


class Frontier:
    """Roots of the perfect subtrees that a tree of `size` leaves is made of, the largest first: one for each bit of `size`."""

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self._roots = list(roots)
        if size < 0 or len(self._roots) != size.bit_count() or any(len(root) != 32 for root in self._roots):
            raise Malformed("the frontier does not fit the tree's size")

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Frontier":
        """The reverse of `to_bytes`. Raises Malformed."""
        return cls(size, [data[start : start + 32] for start in range(0, len(data), 32)])

    def to_bytes(self) -> bytes:
        """32 bytes a root, at most 63 of them."""
        return b"".join(self._roots)

    def append(self, leaf_hash: bytes) -> None:
        """Adds one leaf: like carrying a one in binary."""
        roots, carry = self._roots, self.size
        roots.append(leaf_hash)
        while carry & 1:
            right = roots.pop()
            roots[-1] = node_hash(roots[-1], right)
            carry >>= 1
        self.size += 1

    def append_subtree(self, level: int, root: bytes) -> None:
        """Adds 2^level leaves by the root of their perfect subtree. Raises Malformed where none can stand at this place."""
        if self.size & (1 << level) - 1 or len(root) != 32:
            raise Malformed("no subtree of this height stands here")
        roots, carry = self._roots, self.size >> level
        roots.append(root)
        while carry & 1:
            right = roots.pop()
            roots[-1] = node_hash(roots[-1], right)
            carry >>= 1
        self.size += 1 << level

    def root(self) -> bytes:
        """Of the whole tree (RFC 6962 §2.1)."""
        return join_roots(self._roots) if self._roots else EMPTY_ROOT
