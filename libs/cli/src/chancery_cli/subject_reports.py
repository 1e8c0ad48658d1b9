"""Verifies a report on a data subject offline: `chancery privacy verify`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from chancery_contracts.canonical import body_sha256
from chancery_ledger import Ed25519Verifier, LedgerError
from chancery_ledger.notes import open_note

from chancery_cli.errors import CommandFailed

TITLE = "chancery subject report v1"


def verify(
    file: Annotated[Path, typer.Argument(help="The report, as `privacy erase --out` wrote it.")],
    key: Annotated[
        str, typer.Option(help="The verifier key of the tenant's log (`chancery audit key`), obtained elsewhere than from the file.")
    ],
) -> None:
    """Check offline that a report is as it was signed. Exit status 1 where it is not."""
    try:
        signed = json.loads(file.read_text("utf-8"))
        report, note = signed["report"], signed["note"]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise CommandFailed(f"{file} is no report") from exc
    fault = fault_of(report, note, key)
    if fault is not None:
        typer.echo(f"NOT PROVED: {fault}", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"PROVED: the holder of {key.split('+')[0]} signed this report on order {report['order']}: {report['state']}.\n"
        "NOT PROVED: that it is true: ask the trail for the events of the order, and look for the person yourself"
    )


def fault_of(report: Any, note: Any, key: str) -> str | None:
    """Why it does not hold; None where it does."""
    try:
        verifier = Ed25519Verifier.parse(key)
        text = open_note(str(note), [verifier]).text
    except LedgerError as exc:
        return str(exc)
    if not isinstance(report, dict) or text.split("\n")[0] != TITLE:
        return "what is signed is no report of this kind"
    if text != f"{TITLE}\n{report.get('order')}\n{body_sha256(report)}\n":
        return "the report is not the one that was signed"
    return None if verifier.name.endswith(f"/{report.get('tenant')}") else "the key is another tenant's"
