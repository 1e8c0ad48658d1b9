"""Made-up pasts, whose savings can be reckoned by hand."""

from collections.abc import Iterable
from datetime import timedelta

from chancery_contracts.base import VersionRef
from chancery_contracts.interactions import PromptParts, TokenUsage
from chancery_registry.domain.suggesting.past import PastRequest, Price
from chancery_testing.builders import T0

DOLLAR = Price(input=1_000_000, output=1_000_000, cache_read=100_000)
"""One micro-unit a token; a tenth from the cache."""
MODEL = VersionRef(name="large", version=1)


def request(number: int = 0, *, passages: Iterable[tuple[str, int]] = (), **more: object) -> PastRequest:
    """Of a hundred tokens, unless said otherwise; the provider counted what was reckoned."""
    shown = tuple(passages)
    counts = {"prefix": 50, "static": 40, "question": 10} | {
        name: more.pop(name) for name in list(more) if name in PromptParts.model_fields
    }
    parts = PromptParts.model_validate({"counted_by": "characters", "passages": tuple(tokens for _, tokens in shown)} | counts)
    total = parts.prefix + parts.static + parts.examples + parts.definitions + sum(parts.passages) + parts.history + parts.question
    fields = {
        "interaction": f"i{number}", "conversation": None, "at": T0 + timedelta(seconds=number), "prompt_version": 1, "model": MODEL,
        "provider": "openai", "parts": parts, "passages": tuple(name for name, _ in shown),
        "usage": TokenUsage(input_uncached=total), "price": DOLLAR, "cost_micros": total,
    }  # fmt: skip
    return PastRequest(**(fields | more))  # type: ignore[arg-type]  # by name
