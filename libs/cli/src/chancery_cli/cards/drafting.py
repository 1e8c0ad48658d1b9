"""An imported card, and the entry of a model that it becomes: what the importer cannot know stands in a base."""

from dataclasses import dataclass
from typing import Any

from chancery_contracts.bodies.models import ModelBody, ModelCard
from pydantic import ValidationError

from chancery_cli.errors import CommandFailed


@dataclass(frozen=True, slots=True)
class Imported:
    """Fields of a card, and what else its source tells of the model."""

    card: dict[str, Any]
    provider_model: str | None = None
    context_tokens: int | None = None


def drafted(imported: Imported, base: dict[str, Any]) -> dict[str, Any]:
    """The base's entry with its card filled. What the import does not say stays as the base has it. Raises CommandFailed."""
    if not isinstance(base.get("body"), dict) or not base.get("name"):
        raise CommandFailed("the base is one entry of kind `model`: name, tenant, and a body with at least `provider`")
    body = dict(base["body"])
    if imported.provider_model:
        body.setdefault("provider_model", imported.provider_model)
    if imported.context_tokens and "context_tokens" not in body:
        body["context_tokens"] = imported.context_tokens
    said = body.get("card")
    body["card"] = (said if isinstance(said, dict) else {}) | _card(imported)
    try:
        ModelBody.model_validate(body)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        raise CommandFailed(f"base and card make no model: {'.'.join(map(str, first['loc']))}: {first['msg']}") from exc
    return {key: value for key, value in base.items() if key not in {"version", "body"}} | {"kind": "model", "body": body}


def _card(imported: Imported) -> dict[str, Any]:
    """As it is written: what is not known is left out."""
    card = ModelCard.model_validate({key: value for key, value in imported.card.items() if value is not None})
    stated: dict[str, Any] = card.model_dump(mode="json", exclude_defaults=True)
    return stated | {"model_type": card.model_type}
