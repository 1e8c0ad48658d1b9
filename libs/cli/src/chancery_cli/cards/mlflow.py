"""Models of MLflow's registry: the `MLmodel` file of a logged model, or the registry's REST interface.

Source: https://mlflow.org/docs/latest/rest-api.html (registered-models, model-versions, runs; API 2.0).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chancery_contracts.bodies.models import Evaluation

from chancery_cli.cards.drafting import Imported
from chancery_cli.cards.fetching import MOST_BYTES, Source
from chancery_cli.cards.reading import MOST, mapping, mappings, text, texts, yaml_mapping
from chancery_cli.errors import CommandFailed

_API = "api/2.0/mlflow"
_TYPES = {"text-classification": "classifier", "token-classification": "classifier", "llm/v1/embeddings": "embedding",
          "feature-extraction": "embedding", "question-answering": "extractive"}  # fmt: skip
_LISTS = {"languages": ("languages", "language"), "limits": ("limits", "limitations")}
_TEXTS = {"licence": ("licence", "license"), "training_data": ("training_data", "datasets"), "availability": ("availability",)}


def from_registry(source: Source, name: str, wanted: str | None) -> Imported:
    """A version by its number or alias; none: the newest. The pin is the version with its run. Raises CommandFailed."""
    model = mapping((source.json(f"{_API}/registered-models/get", {"name": name}) or {}).get("registered_model"))
    if not model:
        raise CommandFailed(f"{source.endpoint} has no registered model {name}")
    number = _number(model, wanted)
    version = mapping((source.json(f"{_API}/model-versions/get", {"name": name, "version": number}) or {}).get("model_version"))
    if not version:
        raise CommandFailed(f"{source.endpoint} has no version {number} of {name}")
    run = text(version.get("run_id"), 64)
    tags = _tags(model.get("tags")) | _tags(version.get("tags"))
    card = _card(tags, tags.get("task")) | {
        "source": f"{source.endpoint}/#/models/{name}/versions/{number}", "revision": f"{name}/{number}" + (f" run {run}" if run else ""),
        "evaluations": tuple(_evaluations(source, run))[:MOST],
    }  # fmt: skip
    described = text(version.get("description")) or text(model.get("description"))
    return Imported(card | ({"description": described} if described else {}), provider_model=name, context_tokens=_context(tags))


def from_files(path: Path) -> Imported:
    """The `MLmodel` file, or the folder that it lies in. Raises CommandFailed."""
    file = path / "MLmodel" if path.is_dir() else path
    try:
        if file.stat().st_size > MOST_BYTES:
            raise CommandFailed(f"{file.name} is larger than {MOST_BYTES} bytes")
        stated = yaml_mapping(file.read_text("utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandFailed(f"cannot read {file}") from exc
    metadata, flavours = mapping(stated.get("metadata")), mapping(stated.get("flavors"))
    told = mapping(flavours.get("transformers"))
    pin = text(stated.get("model_uuid"), 64) or text(stated.get("model_id"), 64) or text(stated.get("run_id"), 64)
    card = _card(metadata, metadata.get("task") or told.get("task")) | {"source": file.name, "revision": pin}
    base = texts(told.get("source_model_name"), 1)
    return Imported(card | ({"base_models": base} if base else {}), provider_model=None, context_tokens=_context(metadata))


def _number(model: dict[str, Any], wanted: str | None) -> str:
    aliases = {text(one.get("alias")): text(one.get("version")) for one in mappings(model.get("aliases"))}
    numbers = [one for one in (text(version.get("version")) for version in mappings(model.get("latest_versions"))) if one]
    found = aliases.get(wanted, wanted) if wanted else max((one for one in numbers if one.isdecimal()), key=int, default=None)
    if found is None or not re.fullmatch(r"[0-9]{1,9}", found):
        raise CommandFailed(f"there is no such version or alias; aliases: {', '.join(str(one) for one in aliases if one) or 'none'}")
    return found


def _tags(value: Any) -> dict[str, Any]:
    return {key: one.get("value") for one in mappings(value) if (key := text(one.get("key")))}


def _card(stated: dict[str, Any], task: Any) -> dict[str, Any]:
    """Of tags or metadata: those that are called like fields of a card."""
    card: dict[str, Any] = {"model_type": _TYPES.get(text(task) or "", "generative")}
    for field, names in _TEXTS.items():
        card[field] = next((found for name in names if (found := ", ".join(texts(stated.get(name), 20)))), None)
    for field, names in _LISTS.items():
        value: Any = next((stated[name] for name in names if name in stated), [])
        card[field] = texts(re.split(r"[;\n]" if field == "limits" else r"[;,\s]+", value) if isinstance(value, str) else value, 20)
    return card


def _context(stated: dict[str, Any]) -> int | None:
    found = text(stated.get("context_tokens") or stated.get("context_length")) or ""
    return int(found) if re.fullmatch(r"[1-9][0-9]{0,8}", found) else None


def _evaluations(source: Source, run: str | None) -> Iterator[Evaluation]:
    """The run's last metrics, and on which data they were measured, where it says so."""
    if run is None or not re.fullmatch(r"[A-Za-z0-9_-]+", run):
        return
    found = mapping((source.json(f"{_API}/runs/get", {"run_id": run}) or {}).get("run"))
    datasets = [mapping(one.get("dataset")) for one in mappings(mapping(found.get("inputs")).get("dataset_inputs"))]
    named = ", ".join(one for one in (text(dataset.get("name")) for dataset in datasets) if one) or "not named"
    for metric in mappings(mapping(found.get("data")).get("metrics")):
        key, value = text(metric.get("key")), text(metric.get("value"))
        if key and value:
            yield Evaluation(dataset=named, metric=key, value=value, source=f"{source.endpoint} run {run}")
