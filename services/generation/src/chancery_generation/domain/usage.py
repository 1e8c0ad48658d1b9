"""Counts tokens, and puts what providers count into disjoint buckets."""

import json
import math
from collections.abc import Iterable
from typing import Any

from chancery_contracts.interactions import TokenUsage

CHARACTERS_PER_TOKEN = 4
MOST_TOKENS = 1_000_000_000_000
"""A larger count is no count of one call's tokens."""


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


def anthropic_usage(raw: Any) -> TokenUsage:
    """Anthropic's `input_tokens` exclude what is read from and written to its cache; `output_tokens` include thinking."""
    if not isinstance(raw, dict):
        return TokenUsage()
    output, thinking = _count(raw, "output_tokens"), _count(_part(raw, "output_tokens_details"), "thinking_tokens")
    return TokenUsage(
        input_uncached=_count(raw, "input_tokens"),
        input_cache_read=_count(raw, "cache_read_input_tokens"),
        input_cache_write=_count(raw, "cache_creation_input_tokens"),
        output=_rest(output, thinking),
        output_reasoning=thinking,
    )


def bedrock_usage(raw: Any) -> TokenUsage:
    """Bedrock's `inputTokens` exclude its cache's, unless its own `totalTokens` say that they are part of them."""
    if not isinstance(raw, dict):
        return TokenUsage()
    given, output = _count(raw, "inputTokens"), _count(raw, "outputTokens")
    read, written = _count(raw, "cacheReadInputTokens"), _count(raw, "cacheWriteInputTokens")
    inside = raw.get("totalTokens") == given + output and 0 < read + written <= given
    return TokenUsage(
        input_uncached=given - read - written if inside else given, input_cache_read=read, input_cache_write=written, output=output
    )


def cohere_usage(raw: Any) -> TokenUsage:
    """Cohere's `billed_units` are what is paid for; `tokens` count its own template too, and are taken where nothing is billed."""
    if not isinstance(raw, dict):
        return TokenUsage()
    units, cached = _part(raw, "billed_units", "tokens"), _count(raw, "cached_tokens")
    given = _count(units, "input_tokens")
    return TokenUsage(input_uncached=_rest(given, cached), input_cache_read=min(cached, given), output=_count(units, "output_tokens"))


def ollama_usage(raw: Any) -> TokenUsage:
    """Ollama leaves `prompt_eval_count` out where it has the whole prompt in memory; nothing of it is billed."""
    if not isinstance(raw, dict):
        return TokenUsage()
    return TokenUsage(input_uncached=_count(raw, "prompt_eval_count"), output=_count(raw, "eval_count"))


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
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS:
            return value
    return 0
