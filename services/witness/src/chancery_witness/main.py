"""Reads the command line and serves."""

import argparse
import sys
from pathlib import Path

import uvicorn
from chancery_ledger import LOG_KINDS, CosignatureSigner, Malformed, verifier_key

from chancery_witness.adapters import Memory, load_key
from chancery_witness.api import application


def main(arguments: list[str] | None = None) -> None:
    """Blocks until a signal."""
    parser = argparse.ArgumentParser(prog="chancery witness", description="Cosigns only what continues what it has seen.")
    parser.add_argument("--name", required=True, help="its name in signatures: a URL without schema")
    parser.add_argument("--folder", type=Path, required=True, help="where its key and its memory lie")
    parser.add_argument("--log", action="append", required=True, help="a log's verifier key; as often as there are logs")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900)
    chosen = parser.parse_args(arguments)
    try:
        logs = [verifier_key(one, LOG_KINDS) for one in chosen.log]
        signer = CosignatureSigner(chosen.name, load_key(chosen.folder))
    except (Malformed, OSError, ValueError) as exc:
        sys.exit(f"chancery witness: {exc}")
    sys.stderr.write(f"witness key: {signer.verifier}\n")
    uvicorn.run(application(Memory(chosen.folder / "seen.sqlite"), signer, logs), host=chosen.host, port=chosen.port, access_log=False)
