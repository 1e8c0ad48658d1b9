"""Merkle tree hashes, hash chain, canonical leaves: pure. Checkpoints, receipts and the verifier come here next."""

from chancery_ledger.chain import GENESIS, link, verify_chain
from chancery_ledger.errors import ChainBroken, LeafTooLarge, LedgerError
from chancery_ledger.hashing import EMPTY_ROOT, inclusion_proof, leaf_hash, merkle_root, node_hash, verify_inclusion
from chancery_ledger.leaf import canonical

__all__ = [
    "EMPTY_ROOT", "GENESIS", "ChainBroken", "LeafTooLarge", "LedgerError", "canonical", "inclusion_proof", "leaf_hash", "link",
    "merkle_root", "node_hash", "verify_chain", "verify_inclusion",
]  # fmt: skip
