"""Evidence packs: `chancery audit export`, `chancery audit verify`."""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from chancery_ledger import LOG_KINDS, Checkpoint, LedgerError, Policy, Tile, TiledTree, decode_bundle, trust, verifier_key
from chancery_ledger.following import follow
from chancery_ledger.pack_command import add_pack_command, verify_command
from chancery_ledger.tiles import WIDTH

from chancery_cli.auditing import audit_get, checked, log_text
from chancery_cli.connection import Connection, connect
from chancery_cli.errors import CommandFailed
from chancery_cli.finding import given, times
from chancery_cli.identity import audit_client

Tenant = Annotated[str, typer.Option(help="The tenant's id, like meridian-bank.")]
Witnesses = Annotated[list[str] | None, typer.Option("--witness", help="A witness' verifier key; as often as there are witnesses.")]


def add_to(audit: typer.Typer) -> None:
    """Hangs these commands below `audit`."""
    audit.command("export")(export)
    audit.command("verify")(verify)


def export(
    tenant: Tenant,
    out: Annotated[Path, typer.Option(help="The file to write: a zip.")],
    interaction: Annotated[str | None, typer.Option(help="One interaction.")] = None,
    matter: Annotated[str | None, typer.Option(help="One matter.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", help="Events from this time on.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Events before this time.")] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="With raw text; that it was asked for is on record.")] = False,
) -> None:
    """Write an evidence pack that a stranger can verify offline; the export itself becomes part of the trail."""
    named: dict[str, str | int | None] = {"interaction": interaction, "matter": matter}
    wanted = {"tenant": tenant, "reveal": str(reveal).lower()} | given(named) | times(since, until)
    partial = out.with_name(f"{out.name}.partial")
    try:
        _download(connect(), wanted, partial)
        partial.replace(out)
    except OSError as exc:
        raise CommandFailed(f"cannot write {out}: {exc.strerror}") from exc
    finally:
        partial.unlink(missing_ok=True)
    typer.echo(f"{out}: {out.stat().st_size} bytes. To check it: chancery audit verify --pack {out} --key KEY")


def _download(connection: Connection, wanted: dict[str, str], target: Path) -> None:
    try:
        with audit_client(connection, wanted["tenant"]) as http, http.stream("GET", "/v1/export", params=wanted) as response:
            if response.is_error:
                response.read()
            checked(response, "audit")
            with target.open("wb") as file:
                for piece in response.iter_bytes():
                    file.write(piece)
    except httpx.HTTPError as exc:
        raise CommandFailed("the audit service does not answer, or stopped in the middle: see `chancery status`") from exc


def verify(
    tenant: Annotated[str | None, typer.Option(help="A tenant whose live trail is verified.")] = None,
    pack: Annotated[Path | None, typer.Option(help="An evidence pack; checked offline, by chancery-ledger alone.")] = None,
    key: Annotated[str | None, typer.Option(help="The log's verifier key, obtained elsewhere than from the pack or the log.")] = None,
    witness: Witnesses = None,
    quorum: Annotated[int, typer.Option(help="How many of the witnesses must have cosigned.")] = 0,
    since: Annotated[Path | None, typer.Option(help="A checkpoint that you kept or took from an anchor: the log must continue it.")] = None,
    tsa_root: Annotated[list[Path] | None, typer.Option(help="Root certificates (PEM) of the time-stamp authority that you trust.")] = None,
) -> None:
    """Verify a pack offline; or the live log from a checkpoint that you kept; or, with the tenant alone, its chain in the database."""
    if (pack is None) == (tenant is None):
        raise CommandFailed("name either --pack or --tenant")
    if pack is not None:
        raise typer.Exit(_offline(pack, key, witness or [], quorum, since, tsa_root or []))
    assert tenant is not None
    if since is None:
        typer.echo(json.dumps(audit_get(connect(), "/v1/verify", {"tenant": tenant}), indent=2))
    else:
        _live(connect(), tenant, key, since)


def _offline(pack: Path, key: str | None, witnesses: list[str], quorum: int, since: Path | None, roots: list[Path]) -> int:
    if key is None:
        raise CommandFailed("give the log's verifier key with --key: a key that comes with the pack proves nothing")
    parser = argparse.ArgumentParser()
    add_pack_command(parser.add_subparsers())
    words = [word for one in witnesses for word in ("--witness", one)] + (["--since", str(since)] if since else [])
    words += [word for one in roots for word in ("--tsa-root", str(one))]
    return verify_command(parser.parse_args(["verify", str(pack), "--key", key, "--quorum", str(quorum), *words]))


def _live(connection: Connection, tenant: str, key: str | None, since: Path) -> None:
    if key is None:
        raise CommandFailed("give the log's verifier key with --key: a key that the log itself tells proves nothing")
    try:
        policy = Policy(verifier_key(key, LOG_KINDS))
        old = trust(since.read_text("utf-8"), policy).checkpoint
        new = trust(log_text(connection, tenant, "checkpoint"), policy).checkpoint
        with audit_client(connection, tenant) as http:
            count = _followed(http, tenant, old, new)
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandFailed(f"cannot read {since}") from exc
    except LedgerError as exc:
        sys.stderr.write(f"NOT PROVED: {exc}\n")
        raise typer.Exit(1) from exc
    typer.echo(
        f"PROVED: the log of {new.size} entries continues your checkpoint of {old.size}; the {count} entries since were hashed again.\n"
        "NOT PROVED:\n  - that what was never published happened: the log holds what Kafka was given\n"
        "  - that everyone is shown this log: ask a witness, or compare checkpoints"
    )


def _followed(http: httpx.Client, tenant: str, old: Checkpoint, new: Checkpoint) -> int:
    def tile(wanted: Tile) -> bytes:
        return checked(http.get(f"/v1/log/{tenant}/{wanted.path()}"), "audit").content

    def leaves() -> Any:
        for index in range(old.size // WIDTH, -(-new.size // WIDTH)):
            start = index * WIDTH
            bundle = decode_bundle(tile(Tile(-1, index, min(WIDTH, new.size - start))))
            yield from bundle[max(0, old.size - start) :]

    return follow(old, new, TiledTree(new.size, tile), leaves())
