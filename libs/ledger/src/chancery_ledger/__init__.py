"""Leaves, hashes, chain, Merkle tree: pure, so that an auditor can install this alone."""

from chancery_ledger.chain import GENESIS, ChainBreak, link, verify_chain
from chancery_ledger.errors import LeafRefused, LedgerError
from chancery_ledger.hashing import EMPTY_ROOT, inclusion_proof, leaf_hash, merkle_root, node_hash, verify_inclusion
from chancery_ledger.leaf import MAX_LEAF_BYTES, LeafFields, canonical_json, leaf_bytes, read_leaf

__all__ = [
    "EMPTY_ROOT",
    "GENESIS",
    "MAX_LEAF_BYTES",
    "ChainBreak",
    "LeafFields",
    "LeafRefused",
    "LedgerError",
    "canonical_json",
    "inclusion_proof",
    "leaf_bytes",
    "leaf_hash",
    "link",
    "merkle_root",
    "node_hash",
    "read_leaf",
    "verify_chain",
    "verify_inclusion",
]
