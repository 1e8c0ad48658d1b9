"""Which kinds of keys are read (C2SP signed-note, *Signature types*): a byte says which. Another algorithm is a line here.

Notes are read without this: a signature of a kind that nobody asked about is passed over, as the format wants it.
"""

from collections.abc import Callable, Mapping

from chancery_ledger.checkpoints import CosignatureVerifier
from chancery_ledger.errors import Malformed
from chancery_ledger.mldsa import MlDsaVerifier
from chancery_ledger.notes import Ed25519Verifier, VerifierKey, split_key

Kinds = Mapping[int, Callable[[str], VerifierKey]]
NOTE_KINDS: Kinds = {Ed25519Verifier.KIND: Ed25519Verifier.parse}
"""Keys that sign any note, a pack's manifest too."""
LOG_KINDS: Kinds = {**NOTE_KINDS, MlDsaVerifier.KIND: MlDsaVerifier.parse}
"""Keys that sign a log's checkpoints."""
WITNESS_KINDS: Kinds = {CosignatureVerifier.KIND: CosignatureVerifier.parse, MlDsaVerifier.KIND: MlDsaVerifier.parse}
"""Keys that cosign them."""


def verifier_key(text: str, kinds: Kinds) -> VerifierKey:
    """The key, of one of these kinds. Raises Malformed."""
    _, kind, _ = split_key(text)
    if kind not in kinds:
        wanted = ", ".join(f"{one:02x}" for one in sorted(kinds))
        raise Malformed(f"a verifier key of kind {kind:02x} where {wanted} is expected")
    return kinds[kind](text)
