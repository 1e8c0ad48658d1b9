"""Errors of the ledger. Each says what is wrong in words for a person, and quotes nothing of what it was given."""


class LedgerError(Exception):
    """Base of the ledger's own errors."""


class LeafRefused(LedgerError):
    """These fields cannot be a leaf: too large, not text and integers, or not canonical. Nothing was recorded."""


class Malformed(LedgerError):
    """Not in the format that it claims to be in."""


class SignatureInvalid(LedgerError):
    """Signed with a key that we know, and the signature does not hold: changed, or forged."""


class Unsigned(LedgerError):
    """No signature of a key that we know."""


class ProofInvalid(LedgerError):
    """The hashes do not lead from the leaf, or the earlier tree, to the root."""


class TileMissing(LedgerError):
    """A tile that the tree needs is not where it should be, or too short."""
