"""Everything below `chancery registry` that asks the registry service."""

import typer

from chancery_cli.cards.commands import import_card
from chancery_cli.registry import answering, deciding, managing, model_report, reading
from chancery_cli.registry.speaking import act_as


def add_to(commands: typer.Typer) -> None:
    """Hangs them below `registry`."""
    commands.callback()(act_as)
    for part in (managing, reading, answering, model_report, deciding):
        part.add_to(commands)
    commands.add_typer(import_card, name="import-card")
