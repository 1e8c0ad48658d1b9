"""Text that never changes, behind text that does: where it stood first, the provider's cache would hold it."""

from collections.abc import Iterator, Mapping, Sequence

from chancery_contracts.bodies import PromptBody
from chancery_prompting.segments import lines

from chancery_registry.domain.suggesting.past import MICROS_PER_UNIT, PastRequest
from chancery_registry.domain.suggesting.suggestion import Suggestion, excerpt, share

LEAST_PREFIX: Mapping[str, int] = {"openai": 1024, "azure": 1024, "anthropic": 1024}
"""Tokens that a prefix must have to be cached, by provider. Others say nothing binding: no saving is claimed there.
Sources: OpenAI, *Prompt caching*; Anthropic, *Prompt caching* (some models: 2048 and 4096)."""
STEP = 128
"""OpenAI caches in steps of so many tokens; where a provider does not, this reckons a little too low."""
KEPT_S = 300
"""How long a prefix is kept at least after it was used (both sources)."""


def prefix_order(body: PromptBody, requests: Sequence[PastRequest]) -> Iterator[Suggestion]:
    """What would have been read from the cache, had all fixed text come first; minus what is cacheable now."""
    saving, count = 0.0, 0
    last: dict[tuple[str, str, int], PastRequest] = {}
    for one in sorted(requests, key=lambda request: (request.at, request.interaction)):
        key = (one.provider, f"{one.model.name}@{one.model.version}", one.prompt_version)
        before = last.get(key)
        last[key] = one
        if before is None or (one.at - before.at).total_seconds() > KEPT_S or before.parts.branches != one.parts.branches:
            continue
        gained = _gained(body, one)
        saving += gained
        count += gained > 0
    moved = [line for line in lines(body) if line.text.strip()]
    if count:
        yield Suggestion(
            "prefix_order", "Put all fixed text before the first value: question, passages and history at the end.",
            f"{len(moved)} lines", excerpt(_after_the_first_value(body)), count, round(saving), share(saving, requests),
            f"requests within {KEPT_S} s of the one before, on one model: fixed tokens that would be cached (from "
            f"{min(LEAST_PREFIX.values())} on, in steps of {STEP}) and are not now, at the difference of both prices",
        )  # fmt: skip


def _gained(body: PromptBody, one: PastRequest) -> float:
    least, read = LEAST_PREFIX.get(one.provider), one.price.cache_read
    if least is None or read is None or read >= one.price.input:
        return 0.0
    parts = one.parts
    before_now = parts.definitions + parts.prefix + (0 if _value_in_system(body) else parts.examples)
    before_then = parts.definitions + parts.prefix + parts.static + parts.examples
    gained = _cached(before_then, least) - max(_cached(before_now, least), one.usage.input_cache_read)
    return max(0, gained) * (one.price.input - read) / MICROS_PER_UNIT


def _cached(tokens: int, least: int) -> int:
    return tokens // STEP * STEP if tokens >= least else 0


def _value_in_system(body: PromptBody) -> bool:
    return any(line.names for line in lines(body) if line.template == "system")


def _after_the_first_value(body: PromptBody) -> str:
    found = lines(body)
    first = next((at for at, line in enumerate(found) if line.names), len(found))
    return " ".join(line.text for line in found[first:])
