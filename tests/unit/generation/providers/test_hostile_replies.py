"""Whatever a provider sends, the result is a word of ours, and no exception but those that the exchange knows."""

import json
from typing import Any

import pytest
from chancery_contracts import system_clock
from chancery_contracts.bodies.prompts import PromptTool
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.suppliers import wires
from chancery_generation.adapters.providers.wire import Fault, Frame, Unreadable
from chancery_generation.domain.prompting import RenderedPrompt
from chancery_generation.domain.replies import Draft, concluded
from hypothesis import given
from hypothesis import strategies as st

WIRES = wires(Secrets(), system_clock)
OWN = [name for name in WIRES if name not in ("azure", "mistral", "vllm", "llama.cpp")]  # those read what `openai` reads
PROMPT = RenderedPrompt("s", "u", (), tools=(PromptTool(name="look"),))
_NAMES = st.sampled_from(
    """choices message content text tool_calls function name arguments finish_reason usage prompt_tokens delta index type error output
    status stopReason toolUse input response contentBlockIndex stop_reason content_block done message_stop id metadata refusal""".split()  # noqa: SIM905
)
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False),
    st.sampled_from("stop completed tool_use end_turn look message_stop response.completed COMPLETE {} text".split()),  # noqa: SIM905
)  # fmt: skip
_ANYTHING = st.recursive(_SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(_NAMES, one, max_size=5), max_leaves=25)


@pytest.mark.parametrize("provider", OWN)
@given(st.lists(st.dictionaries(_NAMES, _ANYTHING, max_size=6), min_size=1, max_size=4), _NAMES)
def test_documents_of_any_shape(provider: str, documents: list[dict[str, Any]], name: str) -> None:
    wire, whole, streamed = WIRES[provider], Draft(), Draft()
    try:
        wire.read(documents[0], whole)
        for one in documents:
            wire.take(Frame(json.dumps(one).encode(), name), streamed)
    except (Fault, Unreadable):
        return
    for draft in (whole, streamed):
        result = concluded(draft, PROMPT, 200)
        assert result.outcome in ("answered", "malformed", "rejected") and (result.completion is None) is (result.outcome != "answered")
    wire.outcome(400, documents[0])


@pytest.mark.parametrize("provider", OWN)
@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"[" * 100_000, b"\xff", b"NaN", b'{"a":' * 9_000])
def test_events_that_are_no_objects(provider: str, content: bytes) -> None:
    with pytest.raises(Unreadable):
        WIRES[provider].take(Frame(content, "metadata"), Draft())
