"""Merkle tree, checkpoints, receipts, verifier: pure."""
