"""`chancery`, also as `python -m chancery_cli`."""

import sys

from chancery_contracts.failures import ChanceryError
from rich.console import Console

from chancery_cli.app import app


def main() -> None:
    """Runs a command; an error of ours is one plain message and exit status 1."""
    try:
        app()
    except ChanceryError as exc:
        Console(stderr=True).print(f"[red]chancery:[/red] {exc}", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
