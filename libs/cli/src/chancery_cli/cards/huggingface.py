"""Model cards of Hugging Face's hub: a README with a YAML front matter, and the model's `config.json`.

Source: https://huggingface.co/docs/hub/model-cards; the wire: https://huggingface.co/docs/hub/api.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from chancery_contracts.bodies.models import Evaluation

from chancery_cli.cards.drafting import Imported
from chancery_cli.cards.fetching import MOST_BYTES, Source, json_object
from chancery_cli.cards.reading import MOST, mapping, mappings, text, texts, yaml_mapping
from chancery_cli.cards.sections import limits
from chancery_cli.errors import CommandFailed

HUB = "https://huggingface.co"
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_CONTEXT = ("max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len", "seq_length", "n_ctx", "model_max_length")
_TYPES: dict[str, Literal["generative", "extractive", "embedding", "classifier"]] = {
    "feature-extraction": "embedding", "sentence-similarity": "embedding", "text-classification": "classifier",
    "token-classification": "classifier", "zero-shot-classification": "classifier", "text-ranking": "classifier",
    "question-answering": "extractive",
}  # fmt: skip
_MODALITIES = ("text", "image", "audio", "video")


def from_hub(source: Source, model: str, revision: str) -> Imported:
    """The card as it stands at a commit: a branch's name is looked up first, and its commit is the pin. Raises CommandFailed."""
    if not _MODEL.fullmatch(model) or not _REVISION.fullmatch(revision) or ".." in model + revision:
        raise CommandFailed("a model of the hub is called ORGANISATION/NAME, its revision by a branch, tag or commit")
    stated = source.json(f"api/models/{model}/revision/{revision}")
    if stated is None:
        raise CommandFailed(f"{source.endpoint} has no model {model} at {revision}")
    sha = text(stated.get("sha"), 64)
    if sha is None or not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", sha):
        raise CommandFailed(f"{source.endpoint} does not say which commit {revision} of {model} is")
    readme = source.text(f"{model}/resolve/{sha}/README.md") or ""
    config = source.json(f"{model}/resolve/{sha}/config.json") or {}
    return _imported(readme, config, f"{source.endpoint}/{model}", sha, name=model, pipeline=stated.get("pipeline_tag"))


def from_files(path: Path, revision: str | None) -> Imported:
    """The card in a file, or in a folder with README.md and config.json. Raises CommandFailed."""
    readme = path / "README.md" if path.is_dir() else path
    config = readme.parent / "config.json"
    stated = json_object(_read(config), config.name) if config.is_file() else {}
    return _imported(_read(readme), stated, readme.name, revision, name=None, pipeline=None)


def _imported(readme: str, config: dict[str, Any], source: str, revision: str | None, *, name: str | None, pipeline: Any) -> Imported:
    front, words = _split(readme)
    task = text(front.get("pipeline_tag")) or text(pipeline) or ""
    base, card = texts(front.get("base_model"), 5), {
        "model_type": _TYPES.get(task, "generative"), "licence": _licence(front), "training_data": _training(front),
        "modalities": _modalities(task), "languages": texts(front.get("language")), "source": source, "revision": revision,
        "evaluations": tuple(_evaluations(front))[:MOST], "limits": limits(words),
    }  # fmt: skip
    if base:
        card["base_models"] = base
    return Imported(card, provider_model=name, context_tokens=_context(config))


def _split(readme: str) -> tuple[dict[str, Any], str]:
    """Front matter and text; a card without front matter is text alone."""
    lines = readme.replace("\r\n", "\n")
    if not lines.startswith("---\n"):
        return {}, lines
    front, mark, words = lines[4:].partition("\n---")
    if not mark:
        raise CommandFailed("the model card's front matter does not end")
    return (yaml_mapping(front, "the model card's front matter") if front.strip() else {}), words


def _licence(front: dict[str, Any]) -> str | None:
    """`other` is named beside."""
    licence = text(front.get("license"))
    named = text(front.get("license_name")) if licence in {None, "other"} else None
    link = text(front.get("license_link"))
    return " ".join(one for one in (named or licence, f"({link})" if link else None) if one) or None


def _training(front: dict[str, Any]) -> str | None:
    datasets = texts(front.get("datasets"))
    return f"Datasets that the card names: {', '.join(datasets)}"[:2_000] if datasets else None


def _modalities(task: str) -> tuple[str, ...]:
    named = [one for one in _MODALITIES if one in task] + (["audio"] if "speech" in task else [])
    return tuple(dict.fromkeys(["text", *named])) if task != "any-to-any" else _MODALITIES


def _evaluations(front: dict[str, Any]) -> Iterator[Evaluation]:
    """Of the `model-index`: results by task and dataset, several metrics each."""
    for model in mappings(front.get("model-index")):
        for result in mappings(model.get("results")):
            dataset = mapping(result.get("dataset"))
            named = " ".join(one for one in (text(dataset.get("name")) or text(dataset.get("type")), text(dataset.get("split"))) if one)
            source = mapping(result.get("source"))
            said = text(source.get("url")) or text(source.get("name")) or "the model card"
            for metric in mappings(result.get("metrics")):
                value, kind = text(metric.get("value")), text(metric.get("name")) or text(metric.get("type"))
                if value and kind:
                    yield Evaluation(dataset=named or "not named", metric=kind, value=value, source=said)


def _context(config: dict[str, Any]) -> int | None:
    """Models of several modalities keep their text's configuration apart."""
    for stated in (config, mapping(config.get("text_config"))):
        for key in _CONTEXT:
            value = stated.get(key)
            if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 100_000_000:
                return value
    return None


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CommandFailed(f"{path.name} is larger than {MOST_BYTES} bytes: no model card is so large")
        return path.read_text("utf-8")
    except OSError as exc:
        raise CommandFailed(f"cannot read {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise CommandFailed(f"{path.name} is no text") from exc
