"""What a witness does: remembers the last checkpoint of each log, and cosigns only what continues it (C2SP tlog-witness)."""

from collections.abc import Sequence
from dataclasses import dataclass

from chancery_ledger.base64s import decimal, decode64, encode64
from chancery_ledger.checkpoints import Checkpoint
from chancery_ledger.errors import LedgerError, Malformed, SignatureInvalid, Unsigned
from chancery_ledger.hashing import verify_consistency
from chancery_ledger.notes import Verifier, open_note, split_note

_LONGEST = 63


class WitnessRefusal(LedgerError):
    """`status` is the HTTP answer that the protocol gives; `size` what the witness has, where that helps the log."""

    def __init__(self, status: int, reason: str, size: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.size = size


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the checkpoint, and the proof that it continues one of `old` leaves."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """The request's body."""
        return "\n".join([f"old {self.old}", *(encode64(one) for one in self.proof)]) + "\n\n" + self.note

    @classmethod
    def parse(cls, text: str) -> "AddCheckpoint":
        """Raises WitnessRefusal 400."""
        head, separator, note = text.partition("\n\n")
        lines = head.split("\n")
        try:
            if not separator or not lines[0].startswith("old ") or len(lines) > _LONGEST + 1:
                raise Malformed("not an add-checkpoint request")
            return cls(decimal(lines[0].removeprefix("old ")), tuple(decode64(line, 32) for line in lines[1:]), note)
        except Malformed as exc:
            raise WitnessRefusal(400, str(exc)) from exc


def accept(request: AddCheckpoint, logs: Sequence[Verifier], seen: Checkpoint | None) -> Checkpoint:
    """The checkpoint to remember and cosign. `seen` is the last of that log. Raises WitnessRefusal."""
    checkpoint = _signed_by_its_log(request.note, logs)
    size = seen.size if seen is not None else 0
    if request.old > checkpoint.size:
        raise WitnessRefusal(400, "the old size is beyond the checkpoint")
    if request.old != size:
        raise WitnessRefusal(409, "another size was seen last", size)
    if seen is None or size == 0:
        if request.proof:
            raise WitnessRefusal(422, "nothing needs to be proved of the first checkpoint")
        return checkpoint
    if checkpoint.size == size and checkpoint.root != seen.root:
        raise WitnessRefusal(409, "another tree of this size was seen: the log has forked", size)
    if not verify_consistency(size, checkpoint.size, request.proof, seen.root, checkpoint.root):
        raise WitnessRefusal(422, "the checkpoint does not continue the one that was seen")
    return checkpoint


def origin_of(note: str) -> str:
    """Whose checkpoint a note claims to be. Raises WitnessRefusal 400."""
    try:
        return Checkpoint.parse(split_note(note)[0]).origin
    except Malformed as exc:
        raise WitnessRefusal(400, str(exc)) from exc


def _signed_by_its_log(note: str, logs: Sequence[Verifier]) -> Checkpoint:
    origin = origin_of(note)
    keys = [one for one in logs if one.name == origin]
    if not keys:
        raise WitnessRefusal(404, "this log is not known here")
    try:
        return Checkpoint.parse(open_note(note, keys).text)
    except (SignatureInvalid, Unsigned) as exc:
        raise WitnessRefusal(403, str(exc)) from exc
