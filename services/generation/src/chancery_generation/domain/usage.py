"""Counts tokens, and puts what providers count into disjoint buckets."""

import json
import math
from collections.abc import Iterable
from typing import Any

from chancery_contracts.interactions import TokenUsage

CHARACTERS_PER_TOKEN = 4


def count_tokens(text: str) -> int:
    """One token for every four characters begun: the count of models that have no tokenizer of their own."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def normalise_usage(raw: Any) -> TokenUsage:
    """Disjoint buckets from an OpenAI-style `usage`.

    There `prompt_tokens` include cached ones and `completion_tokens` include reasoning; some providers report those
    beside the total. A part that is larger than its whole stands beside it, and is not taken off.
    """
    if not isinstance(raw, dict):
        return TokenUsage()
    prompt, completion = _count(raw, "prompt_tokens", "input_tokens"), _count(raw, "completion_tokens", "output_tokens")
    prompt_details = _part(raw, "prompt_tokens_details", "input_tokens_details")
    completion_details = _part(raw, "completion_tokens_details", "output_tokens_details")
    cached = _count(prompt_details, "cached_tokens") or _count(raw, "prompt_cache_hit_tokens", "cache_read_input_tokens")
    written = _count(prompt_details, "cache_creation_tokens", "cache_write_tokens") or _count(raw, "cache_creation_input_tokens")
    reasoning = _count(completion_details, "reasoning_tokens")
    return TokenUsage(
        input_uncached=_rest(prompt, cached + written),
        input_cache_read=cached,
        input_cache_write=written,
        output=_rest(completion, reasoning),
        output_reasoning=reasoning,
    )


def total(usages: Iterable[TokenUsage]) -> TokenUsage:
    """Bucket by bucket."""
    names = TokenUsage.model_fields
    sums = dict.fromkeys(names, 0)
    for usage in usages:
        for name in names:
            sums[name] += getattr(usage, name)
    return TokenUsage(**sums)


def used(usage: TokenUsage) -> bool:
    """True where any token was counted."""
    return any(getattr(usage, name) for name in TokenUsage.model_fields)


def canonical(raw: Any) -> str:
    """A provider's usage as one line of JSON."""
    return json.dumps(raw, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def _rest(whole: int, part: int) -> int:
    return whole - part if part <= whole else whole


def _part(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    return next((raw[name] for name in names if isinstance(raw.get(name), dict)), {})


def _count(raw: dict[str, Any], *names: str) -> int:
    for name in names:
        value = raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return 0
