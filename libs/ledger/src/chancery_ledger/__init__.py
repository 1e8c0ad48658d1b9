"""Leaves, tree, tiles, checkpoints, receipts, witnessing: pure, so that an auditor can install this alone."""

from chancery_ledger.chain import GENESIS, ChainBreak, link, verify_chain
from chancery_ledger.checkpoints import Checkpoint, CosignatureSigner, CosignatureVerifier, Policy, Trusted, add_signatures, trust
from chancery_ledger.errors import LeafRefused, LedgerError, Malformed, ProofInvalid, SignatureInvalid, TileMissing, Unsigned
from chancery_ledger.frontier import Frontier
from chancery_ledger.hashing import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from chancery_ledger.leaf import MAX_LEAF_BYTES, LeafFields, canonical_json, leaf_bytes, read_leaf
from chancery_ledger.mldsa import MlDsaSigner, MlDsaVerifier
from chancery_ledger.notes import Ed25519Signer, Ed25519Verifier, Note, Signature, open_note, sign_note
from chancery_ledger.receipts import Receipt, verify_receipt
from chancery_ledger.schemes import LOG_KINDS, NOTE_KINDS, WITNESS_KINDS, verifier_key
from chancery_ledger.tiles import Tile, TiledTree, decode_bundle, encode_bundle, parse_path, tile_bytes, tiles_between
from chancery_ledger.witnessing import AddCheckpoint, WitnessRefusal, accept

__all__ = [
    "EMPTY_ROOT", "GENESIS", "LOG_KINDS", "MAX_LEAF_BYTES", "NOTE_KINDS", "WITNESS_KINDS", "AddCheckpoint", "ChainBreak", "Checkpoint",
    "CosignatureSigner", "CosignatureVerifier", "Ed25519Signer", "Ed25519Verifier", "Frontier", "LeafFields", "LeafRefused", "LedgerError",
    "Malformed", "MlDsaSigner", "MlDsaVerifier", "Note", "Policy", "ProofInvalid", "Receipt", "Signature", "SignatureInvalid", "Tile",
    "TileMissing", "TiledTree", "Trusted", "Unsigned", "WitnessRefusal", "accept", "add_signatures", "canonical_json", "consistency_proof",
    "decode_bundle", "encode_bundle", "inclusion_proof", "leaf_bytes", "leaf_hash", "link", "merkle_root", "node_hash", "open_note",
    "parse_path", "read_leaf", "sign_note", "tile_bytes", "tiles_between", "trust", "verifier_key", "verify_chain", "verify_consistency",
    "verify_inclusion", "verify_receipt",
]  # fmt: skip
