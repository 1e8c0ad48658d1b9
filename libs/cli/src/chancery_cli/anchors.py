"""Anchors of checkpoints: `chancery audit anchors`."""

import base64
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from chancery_ledger.pack_anchors import ENDINGS

from chancery_cli.auditing import checked, log_answer
from chancery_cli.connection import connect
from chancery_cli.errors import CommandFailed


def add_to(audit: typer.Typer) -> None:
    """Hangs this command below `audit`."""
    audit.command("anchors")(anchors)


def anchors(
    tenant: Annotated[str, typer.Option(help="The tenant's id, like meridian-bank.")],
    size: Annotated[int | None, typer.Option(help="Those of the checkpoint over so many entries.")] = None,
    before: Annotated[int | None, typer.Option(help="The `next` of the page before.")] = None,
    save: Annotated[Path | None, typer.Option(help="A folder for the notes and the evidence, as files that other tools take.")] = None,
) -> None:
    """Where the tenant's checkpoints were anchored, newest first: signed note, time and evidence of each."""
    given = {"size": size, "before_size": before}
    wanted = {name: str(value) for name, value in given.items() if value is not None}
    page = checked(log_answer(connect(), tenant, "anchors", wanted), "audit").json()
    typer.echo(json.dumps(page, indent=2))
    if save is not None:
        _save_all(save, page["anchors"])


def _save_all(folder: Path, found: list[dict[str, Any]]) -> None:
    try:
        for one in found:
            _save(folder, one)
    except OSError as exc:
        raise CommandFailed(f"cannot write {folder}: {exc.strerror}") from exc


def _save(folder: Path, anchor: dict[str, Any]) -> None:
    """`<kind>-<size>.checkpoint`, and beside it `.tsr` (DER) or `.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{anchor['kind']}-{anchor['size']}"
    (folder / f"{stem}.checkpoint").write_text(anchor["note"], "utf-8", newline="\n")
    (folder / f"{stem}.{ENDINGS[anchor['kind']]}").write_bytes(base64.b64decode(anchor["evidence"]))
