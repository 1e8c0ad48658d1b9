"""What a simulated model says, before any vendor's wire words it."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

NOT_THERE = "The documents do not hold an answer to this question."
REASONING = 8
"""Tokens of it, in every reply."""
_PASSAGE = re.compile(r"(?m)^\[1\][^\n]*\n(.+?)(?=\n\n\[2\]|\Z)", re.DOTALL)
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)
_CALL = re.compile(r"\[\[call:([A-Za-z0-9_-]+)(?: (\{.*?\}))?\]\]")
Stop = Literal["stop", "length", "tool_calls", "filtered"]


class Refused(Exception):
    """The simulator will not take the request: an HTTP status and the words of its reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted, whatever the wire. `answer_tool`: the tool that must be called, with the answer as its arguments."""

    prompt: str
    model: str
    stream: bool
    schema: dict[str, Any] | None = None
    answer_tool: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; `arguments` as JSON."""

    call_id: str
    name: str
    arguments: str

    def pieces(self) -> list[str]:
        """As a stream cuts them, within words."""
        return [self.arguments[at : at + 5] for at in range(0, len(self.arguments), 5)]

    def parsed(self) -> Any:
        """For wires that have arguments as a value; what is no JSON goes as it is."""
        try:
            return json.loads(self.arguments)
        except ValueError:
            return self.arguments


@dataclass(frozen=True, slots=True)
class Said:
    """A reply. `spent` tokens were read, `cached` of them from a cache; `written` were said, without `REASONING`."""

    text: str
    calls: tuple[Call, ...]
    stop: Stop
    spent: int
    written: int

    @property
    def cached(self) -> int:
        """A quarter."""
        return self.spent // 4

    def pieces(self) -> list[str]:
        """As a stream cuts the text."""
        return [self.text[at : at + 11] for at in range(0, len(self.text), 11)]


def said(asked: Asked, fault: str | None) -> Said:
    """The first sentence of the first passage, cited; where the prompt has `[[call:NAME {…}]]`, those calls."""
    calls = tuple(_call(number, found[1], found[2]) for number, found in enumerate(_CALL.finditer(asked.prompt), start=1))
    text = "" if calls else answer(asked.prompt)
    if asked.schema is not None and not calls:
        text = json.dumps(sample(asked.schema, text))
    if asked.answer_tool is not None and not calls:
        calls, text = (Call("call_answer", asked.answer_tool, text),), ""
    if fault == "bad_call":
        calls = tuple(Call(one.call_id, one.name, one.arguments[:-1] or "{") for one in calls)
    if fault == "empty":
        calls, text = (), ""
    stop: Stop = "filtered" if fault == "filtered" else "length" if fault == "truncated" else "tool_calls" if calls else "stop"
    text = text[: len(text) // 2] if fault in ("filtered", "truncated") else text
    length = len(text) + sum(len(one.arguments) for one in calls)
    return Said(text, calls, stop, -(-len(asked.prompt) // 4), -(-length // 4))


def answer(prompt: str) -> str:
    """The first sentence of the first passage, cited; the statement that there is none where no passage was sent."""
    passage = _PASSAGE.search(prompt)
    if passage is None:
        return NOT_THERE
    lines = [line.strip() for line in passage.group(1).split("\n") if line.strip() and not line.lstrip().startswith(("#", "|"))]
    text = " ".join(lines)
    sentence = _SENTENCE.match(text)
    return f"{sentence.group(1) if sentence else text} [1]" if text else NOT_THERE


def sample(schema: dict[str, Any], text: str) -> Any:
    """The least that fits a schema; strings hold the text."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: sample(one, text) for name, one in schema.get("properties", {}).items()}
        case "array":
            return [sample(schema.get("items", {}), text)]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
    return text


def _call(number: int, name: str, arguments: str | None) -> Call:
    return Call(f"call_{number:04d}", name, arguments or "{}")
