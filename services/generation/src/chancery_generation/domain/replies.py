"""A model's reply as it comes in, whole or piece by piece, and what becomes of it."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from chancery_contracts.interactions import StopReason, TokenUsage, ToolCall

from chancery_generation.domain.completion import AttemptOutcome, CallResult, Completion
from chancery_generation.domain.prompting import RenderedPrompt
from chancery_generation.domain.usage import canonical

Stop = Literal["stop", "length", "tool_calls", "filtered"]
ANSWER_TOOL = "answer"
"""Where a wire has no output schema of its own, the model must call this tool: its arguments are the answer."""
MOST_CALLS = 64
LONGEST_REPLY = 400_000
"""Characters of text and calls: more does not fit into an event, whatever the limit of tokens was."""
LONGEST_USAGE = 16_384


@dataclass(slots=True)
class CallDraft:
    """A tool call so far. `arguments`: pieces of JSON."""

    call_id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def named(self, call_id: str, name: str) -> "CallDraft":
        """The first id and name count: some wires say them again in every piece."""
        self.call_id, self.name = self.call_id or call_id, self.name or name
        return self


@dataclass(slots=True)
class Draft:
    """`ended`: the last event of a stream has come, or the whole document. Usage that is told again replaces what was told."""

    text: list[str] = field(default_factory=list)
    calls: dict[str | int, CallDraft] = field(default_factory=dict)
    stop: Stop | None = None
    ended: bool = False
    usage: TokenUsage = field(default_factory=TokenUsage)
    raw_usage: dict[str, Any] = field(default_factory=dict)

    def call(self, key: str | int) -> CallDraft:
        """The call of this key, begun if need be."""
        return self.calls.setdefault(key, CallDraft())

    def result(self, outcome: AttemptOutcome, status: int | None = None, completion: Completion | None = None) -> CallResult:
        """What is known of the tokens goes with every outcome: they were paid for."""
        return CallResult(outcome, completion, status, None, self.usage, self.counted())

    def counted(self) -> str:
        """The provider's own count, as JSON; what is far too long for one is dropped."""
        raw = canonical(self.raw_usage)
        return raw if len(raw) <= LONGEST_USAGE else "{}"

    def length(self) -> int:
        """Characters so far."""
        return sum(map(len, self.text)) + sum(len(piece) for call in self.calls.values() for piece in call.arguments)


def concluded(draft: Draft, prompt: RenderedPrompt, status: int) -> CallResult:
    """`answered` needs an end, and a text or tool calls; what was filtered by the provider is `rejected`, cut text or not."""
    if draft.stop == "filtered":
        return draft.result("rejected", status)
    text, calls = "".join(draft.text).strip(), tuple(draft.calls.values())
    if prompt.output_schema is not None and len(calls) == 1 and _is_answer(calls[0], prompt):
        text, calls = "".join(calls[0].arguments).strip(), ()
    wanted = _checked(calls, prompt)
    if draft.length() > LONGEST_REPLY or not draft.ended or wanted is None or not (text or wanted) or (wanted and draft.stop == "length"):
        return draft.result("malformed", status)
    stop: StopReason = "tool_calls" if wanted else "length" if draft.stop == "length" else "stop"
    return draft.result("answered", status, Completion(text, draft.usage, draft.counted(), wanted, stop_reason=stop))


def _is_answer(call: CallDraft, prompt: RenderedPrompt) -> bool:
    return call.name == ANSWER_TOOL and all(tool.name != ANSWER_TOOL for tool in prompt.tools)


def _checked(calls: tuple[CallDraft, ...], prompt: RenderedPrompt) -> tuple[ToolCall, ...] | None:
    """None where one calls what was not offered, or its arguments are no JSON object."""
    offered = {tool.name for tool in prompt.tools}
    checked = [_tool_call(call, number) for number, call in enumerate(calls, start=1)]
    if len(calls) > MOST_CALLS or any(one is None or one.name not in offered for one in checked):
        return None
    return tuple(one for one in checked if one is not None)


def _tool_call(call: CallDraft, number: int) -> ToolCall | None:
    arguments = "".join(call.arguments).strip() or "{}"
    try:
        if not isinstance(json.loads(arguments), dict):
            return None
    except (ValueError, RecursionError):
        return None
    return ToolCall(call_id=call.call_id or f"call_{number}", name=call.name, arguments=arguments)
