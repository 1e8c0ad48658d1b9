"""The hash chain of a log: each link binds its leaf to all before it."""

from collections.abc import Iterable
from hashlib import sha256

from chancery_ledger.errors import ChainBroken

GENESIS = bytes(32)


def link(previous: bytes, leaf: bytes) -> bytes:
    """SHA-256(02 ‖ previous link ‖ leaf hash): the prefix keeps links apart from leaves (00) and nodes (01)."""
    return sha256(b"\x02" + previous + leaf).digest()


def verify_chain(entries: Iterable[tuple[bytes, bytes]], previous: bytes = GENESIS, first: int = 0) -> bytes:
    """The last link, over (leaf hash, link) in order. Raises ChainBroken with the position of the first that does not follow."""
    for position, (leaf, claimed) in enumerate(entries, start=first):
        if link(previous, leaf) != claimed:
            raise ChainBroken(position)
        previous = claimed
    return previous
