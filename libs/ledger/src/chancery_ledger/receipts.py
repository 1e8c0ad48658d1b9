"""Receipts: all that proves one entry offline, in one small file (C2SP tlog-proof, `c2sp.org/tlog-proof@v1`)."""

from dataclasses import dataclass

from chancery_ledger.base64s import decimal, decode64, encode64
from chancery_ledger.checkpoints import Policy, Trusted, trust
from chancery_ledger.errors import Malformed, ProofInvalid
from chancery_ledger.hashing import verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
_LONGEST = 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """The `index`-th leaf's path to the root of `checkpoint`, a signed note kept verbatim."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def text(self) -> str:
        """As a file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {encode64(self.extra)}")
        lines += [f"index {self.index}", *(encode64(one) for one in self.proof)]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> "Receipt":
        """Raises Malformed for any other spelling than that of `text`."""
        head, separator, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not separator or lines.pop(0) != HEADER:
            raise Malformed("not a receipt")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode64(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index ") or len(lines) > _LONGEST + 1:
            raise Malformed("not a receipt")
        index = decimal(lines.pop(0).removeprefix("index "))
        return cls(index, tuple(decode64(line, 32) for line in lines), checkpoint, extra)


def verify_receipt(receipt: Receipt, leaf_hash: bytes, policy: Policy) -> Trusted:
    """That this leaf is in the log, at that place. Raises ProofInvalid, and what `trust` raises."""
    trusted = trust(receipt.checkpoint, policy)
    checkpoint = trusted.checkpoint
    if not verify_inclusion(leaf_hash, receipt.index, checkpoint.size, receipt.proof, checkpoint.root):
        raise ProofInvalid("the entry is not in the log at this place: it, the proof or the place was changed")
    return trusted
