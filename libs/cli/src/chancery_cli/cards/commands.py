"""`chancery registry import-card huggingface` and `mlflow`."""

import os
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from chancery_cli.cards import huggingface, mlflow
from chancery_cli.cards.drafting import Imported, drafted
from chancery_cli.cards.fetching import Source
from chancery_cli.errors import CommandFailed
from chancery_cli.registry.yaml_text import dump_yaml, load_yaml

TIMEOUT_S = 20.0
Base = Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The model's entry in YAML: what a card does not tell.")]
Out = Annotated[Path | None, typer.Option(help="The file to write; none: print it.")]

import_card = typer.Typer(no_args_is_help=True, help="A model card of elsewhere as the draft of a `model` entry.")


@import_card.command("huggingface")
def from_huggingface(
    model: Annotated[str, typer.Argument(help="ORGANISATION/NAME on the hub; or a README.md, or a folder with it and config.json.")],
    base: Base,
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit; the commit becomes the pin.")] = None,
    endpoint: Annotated[str, typer.Option(help="The hub, or a mirror of it.")] = huggingface.HUB,
    out: Out = None,
) -> None:
    """From Hugging Face's hub, or files of it. `HF_TOKEN`, where the model is not public."""
    if Path(model).exists():
        imported = huggingface.from_files(Path(model), revision)
    else:
        with _client(os.environ.get("HF_TOKEN")) as http:
            imported = huggingface.from_hub(Source(http, endpoint), model, revision or "main")
    _write(imported, base, out)


@import_card.command("mlflow")
def from_mlflow(
    model: Annotated[str, typer.Argument(help="The registered model's name; or an MLmodel file, or the folder that it lies in.")],
    base: Base,
    version: Annotated[str | None, typer.Option(help="Number or alias; none: the newest.")] = None,
    endpoint: Annotated[str | None, typer.Option(envvar="MLFLOW_TRACKING_URI", help="The tracking server.")] = None,
    out: Out = None,
) -> None:
    """From MLflow's model registry, or its files. `MLFLOW_TRACKING_TOKEN`, where the server wants one."""
    if Path(model).exists():
        imported = mlflow.from_files(Path(model))
    elif endpoint is None:
        raise CommandFailed(f"there is no file {model}: for a registered model, name the tracking server with --endpoint")
    else:
        with _client(os.environ.get("MLFLOW_TRACKING_TOKEN")) as http:
            imported = mlflow.from_registry(Source(http, endpoint), model, version)
    _write(imported, base, out)


def _client(token: str | None) -> httpx.Client:
    return httpx.Client(headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=TIMEOUT_S)


def _write(imported: Imported, base: Path, out: Path | None) -> None:
    text = dump_yaml([drafted(imported, _entry(base))])
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, "utf-8")
    typer.echo(f"{out}: next, chancery registry plan {out}", err=True)


def _entry(base: Path) -> dict[str, Any]:
    try:
        found = load_yaml(base, base.parent)
    except ValueError as exc:
        raise CommandFailed(f"{base.name}: {exc}") from exc
    items = found if isinstance(found, list) else [found]
    if len(items) != 1 or not isinstance(items[0], dict):
        raise CommandFailed(f"{base.name} holds not one entry")
    return items[0]
