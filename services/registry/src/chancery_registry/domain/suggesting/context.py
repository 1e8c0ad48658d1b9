"""Context that one conversation was sent again and again."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from chancery_registry.domain.suggesting.past import PastRequest, conversations
from chancery_registry.domain.suggesting.suggestion import Suggestion, share

LEAST_SHARE = 0.01
"""What is less of the cost than this is not worth a change."""


def repeated_passages(requests: Sequence[PastRequest]) -> Iterator[Suggestion]:
    """Passages that an earlier request of the conversation was shown."""
    saving, count, again, shown = 0.0, 0, 0, 0
    for turns in conversations(requests):
        seen: set[str] = set()
        for turn in turns:
            pairs = list(zip(turn.passages, turn.parts.passages, strict=False))
            repeated = sum(tokens for passage, tokens in pairs if passage in seen)
            saving += turn.worth(repeated)
            count += repeated > 0
            again += repeated
            shown += sum(turn.parts.passages)
            seen |= {passage for passage, _ in pairs}
    if share(saving, requests) >= LEAST_SHARE:
        yield Suggestion(
            "repeated_passages",
            f"{again} of {shown} tokens of passages were sent before in the same conversation: put passages before what changes, so that "
            "the provider's cache holds them, or leave out those that the history quotes.",
            "passages", "", count, round(saving), share(saving, requests),
            "tokens of passages that an earlier request of the conversation was shown, at the input price paid", at_most=True,
        )  # fmt: skip


def repeated_history(requests: Sequence[PastRequest]) -> Iterator[Suggestion]:
    """Turns that were sent with an earlier request already: all but the newest of each history."""
    saving, count = 0.0, 0
    for turns in conversations(requests):
        for earlier, turn in pairwise(turns):
            repeated = min(earlier.parts.history, turn.parts.history)
            saving += turn.worth(repeated)
            count += repeated > 0
    if share(saving, requests) >= LEAST_SHARE:
        yield Suggestion(
            "repeated_history", "Send fewer turns, or a summary of the older ones.", "history", "", count, round(saving),
            share(saving, requests), "tokens of history that the request before had too, at the input price paid", at_most=True,
        )  # fmt: skip
