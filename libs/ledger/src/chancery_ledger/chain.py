"""The hash-linked chain: each link covers the one before it, so that no entry can change, go or come without all later links changing.

The Merkle tree takes its place as the head that is published; the links stay, as the cheap check of one stretch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

GENESIS = bytes(32)
"""What the first link follows."""


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first place at which a chain does not hold."""

    index: int
    reason: str


def link(previous: bytes, leaf_hash: bytes) -> bytes:
    """SHA-256(02 ‖ previous ‖ leaf hash): 02, so that it is neither a leaf nor a node of RFC 6962."""
    return sha256(b"\x02" + previous + leaf_hash).digest()


def verify_chain(entries: Iterable[tuple[bytes, bytes]], previous: bytes = GENESIS) -> ChainBreak | None:
    """Checks pairs of leaf hash and link, in order, from `previous` on; None if all hold."""
    for index, (leaf, linked) in enumerate(entries):
        previous = link(previous, leaf)
        if previous != linked:
            return ChainBreak(index, "the link does not follow from the one before it")
    return None
