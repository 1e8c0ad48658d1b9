"""`python -m chancery_ledger receipt|verify FILE --key KEY`: checks a receipt or an evidence pack offline, with this package alone."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from chancery_ledger import (
    LOG_KINDS,
    WITNESS_KINDS,
    LedgerError,
    Malformed,
    Policy,
    Receipt,
    leaf_hash,
    read_leaf,
    verifier_key,
    verify_receipt,
)
from chancery_ledger.pack_command import add_pack_command, verify_command


def main(arguments: list[str] | None = None) -> int:
    """0: it holds. 1: it does not, or is no receipt. 2: the call was wrong."""
    parser = argparse.ArgumentParser(prog="python -m chancery_ledger", description="Checks a receipt or an evidence pack offline.")
    commands = parser.add_subparsers(dest="command", required=True)
    receipt = commands.add_parser("receipt", help="that an entry is in the log")
    receipt.add_argument("file", type=Path)
    receipt.add_argument("--key", required=True, help="the log's verifier key: name+id+key")
    receipt.add_argument("--witness", action="append", default=[], help="a witness' verifier key; as often as there are witnesses")
    receipt.add_argument("--quorum", type=int, default=0, help="how many of them must have cosigned")
    add_pack_command(commands)
    chosen = parser.parse_args(arguments)
    if chosen.command == "verify":
        return verify_command(chosen)
    try:
        witnesses = tuple(verifier_key(one, WITNESS_KINDS) for one in chosen.witness)
        policy = Policy(verifier_key(chosen.key, LOG_KINDS), witnesses, chosen.quorum)
        text = chosen.file.read_bytes().decode()
        sys.stdout.write(_verdict(Receipt.parse(text), policy) + "\n")
    except (LedgerError, OSError, UnicodeDecodeError) as exc:
        sys.stderr.write(f"NOT PROVED: {exc}\n")
        return 1
    return 0


def _verdict(receipt: Receipt, policy: Policy) -> str:
    if receipt.extra is None:
        raise Malformed("the receipt carries no entry")
    trusted = verify_receipt(receipt, leaf_hash(receipt.extra), policy)
    fields = read_leaf(receipt.extra)
    lines = [
        f"PROVED: entry {receipt.index} of {trusted.checkpoint.size} in {trusted.checkpoint.origin}, {trusted.standing}.",
        *(f"  cosigned by {name}, {datetime.fromtimestamp(at, UTC).isoformat()}" for name, at in sorted(trusted.witnesses.items())),
        *(f"  {name:<15} {value}" for name, value in fields.items()),
        "Not proved: what the payload says (only its commitment is here), nor that the log has shown everyone the same tree"
        + ("." if trusted.witnessed else " (no witness vouches for that)."),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
