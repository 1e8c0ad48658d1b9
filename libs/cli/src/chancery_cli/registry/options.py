"""Options that many of these commands have."""

from datetime import datetime, time
from pathlib import Path
from typing import Annotated

import typer
from chancery_contracts.governance import RegistryEnvironment

What = Annotated[str, typer.Argument(help="KIND/NAME, like prompt/grounded-answer; the kind may be left out where one alone is called so.")]
Version = Annotated[str, typer.Argument(help="KIND/NAME@VERSION, like prompt/grounded-answer@2; without version, the newest.")]
Tenant = Annotated[str, typer.Option(envvar="CHANCERY_TENANT", help="Whose, like meridian-bank; then what is `shared`.")]
Environment = Annotated[RegistryEnvironment, typer.Option(help="Where it is live.")]
AsJson = Annotated[bool, typer.Option("--json", help="All of it, as JSON.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Words that go on record.")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why; it goes on record.")]
Folder = Annotated[Path, typer.Argument(exists=True, help="A folder of YAML files, or one of them.")]


def moment(text: str) -> datetime:
    """`2026-11-24T14:02`, or `14:02` for today; without a zone, this machine's. Raises BadParameter."""
    try:
        if "T" not in text and "-" not in text and ":" in text:
            return datetime.combine(datetime.now().astimezone(), time.fromisoformat(text)).astimezone()
        return datetime.fromisoformat(text).astimezone()
    except ValueError as exc:
        raise typer.BadParameter(f"{text!r} is no time: write 14:02, or 2026-11-24T14:02:00+01:00") from exc


At = Annotated[datetime | None, typer.Option(parser=moment, metavar="TIME", help="The moment, like 14:02 or 2026-11-24T14:02; none: now.")]
From = Annotated[datetime | None, typer.Option("--from", parser=moment, metavar="TIME", help="When it starts; none: as soon as it may.")]
