"""A simulator of an OpenAI-compatible provider: deterministic answers, faults on demand, a journal of every call.

    python -m chancery_testing.provider --port 9000 --latency-ms 20 --fault-rate 0.1 --seed 1 --journal calls.jsonl

Faults come by rate (drawn from the seed), by the header `X-Fault: <kind>`, or by the words `[[fault:<kind>]]` in the prompt;
`[[fault:<kind>*<n>]]` (or `X-Fault: <kind>*<n>`) for the first n calls of one Idempotency-Key only.
Kinds: rate_limit, server_error, rejected, cut_body, slow_bytes, wrong_json, empty, hang.
"""

import argparse
import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

KINDS = ("rate_limit", "server_error", "rejected", "cut_body", "slow_bytes", "wrong_json", "empty", "hang")
HARMLESS = (None, "slow_bytes")
DRAWN = ("rate_limit", "server_error", "cut_body", "slow_bytes", "wrong_json", "hang")
HANG_S = 3600.0
SLOW_PAUSE_S = 0.05
NOT_THERE = "The documents do not hold an answer to this question."
_MARKER = re.compile(r"\[\[fault:([a-z_]+)(?:\*(\d+))?\]\]")
_HEADER = re.compile(r"([a-z_]+)(?:\*(\d+))?")
_PASSAGE = re.compile(r"(?m)^\[1\][^\n]*\n(.+?)(?=\n\n\[2\]|\Z)", re.DOTALL)
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


@dataclass
class Provider:
    """What the simulator does and what it saw. `entries` holds two for each call: started and finished."""

    latency_s: float = 0.02
    fault_rate: float = 0.0
    seed: int = 1
    journal: Path | None = None
    retry_after_s: float = 0.2
    entries: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def note(self, key: str, what: str, **more: Any) -> None:
        """Appends to the journal; a line is written at once, so that a killed simulator loses none."""
        entry = {"key": key, "event": what, "at": time.time(), **more}
        self.entries.append(entry)
        if self.journal is not None:
            with self.journal.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(entry) + "\n")

    def fault(self, header: str | None, prompt: str, call: int) -> str | None:
        """The fault of the n-th call of a key, if any."""
        asked = _HEADER.fullmatch(header) if header else _MARKER.search(prompt)
        if asked is not None:
            kind, times = asked.group(1), asked.group(2)
            return kind if kind in KINDS and (times is None or call <= int(times)) else None
        return self._random.choice(DRAWN) if self._random.random() < self.fault_rate else None


def answer(prompt: str) -> str:
    """The first sentence of the first passage, cited; the statement that there is none where no passage was sent."""
    passage = _PASSAGE.search(prompt)
    if passage is None:
        return NOT_THERE
    lines = [line.strip() for line in passage.group(1).splitlines() if line.strip() and not line.lstrip().startswith(("#", "|"))]
    text = " ".join(lines)
    sentence = _SENTENCE.match(text)
    return f"{sentence.group(1) if sentence else text} [1]" if text else NOT_THERE


def completion(body: dict[str, Any], prompt: str) -> dict[str, Any]:
    """A chat completion as OpenAI words it: cached tokens inside the prompt's, reasoning inside the completion's."""
    text = answer(prompt)
    spent, said = -(-len(prompt) // 4), -(-len(text) // 4)
    usage = {
        "prompt_tokens": spent,
        "completion_tokens": said + 8,
        "total_tokens": spent + said + 8,
        "prompt_tokens_details": {"cached_tokens": spent // 4},
        "completion_tokens_details": {"reasoning_tokens": 8},
    }
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-simulated",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage,
    }


def application(provider: Provider) -> FastAPI:
    """The simulator as ASGI: `/v1/chat/completions`, and `/calls` for those who check."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/v1/chat/completions", response_model=None)
    async def complete(request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        body = await request.json()
        prompt = "\n".join(str(message.get("content", "")) for message in body.get("messages", []))
        provider.counts[key] += 1
        fault = provider.fault(request.headers.get("x-fault"), prompt, provider.counts[key])
        provider.note(key, "started", fault=fault)
        try:
            response = await _respond(provider, fault, completion(body, prompt))
        except asyncio.CancelledError:
            provider.note(key, "abandoned", fault=fault)
            raise
        provider.note(key, "finished", fault=fault, status=response.status_code)
        return response

    @app.get("/calls")
    async def calls() -> dict[str, Any]:
        finished = Counter(entry["key"] for entry in provider.entries if entry["event"] == "finished" and entry["fault"] in HARMLESS)
        return {"calls": dict(provider.counts), "answered": dict(finished), "total": provider.counts.total()}

    return app


async def _respond(provider: Provider, fault: str | None, document: dict[str, Any]) -> Response:  # noqa: PLR0911  # one answer for each kind
    await asyncio.sleep(provider.latency_s)
    text = json.dumps(document)
    match fault:
        case "rate_limit":
            return JSONResponse({"error": {"message": "slow down"}}, 429, {"Retry-After": str(provider.retry_after_s)})
        case "server_error":
            return JSONResponse({"error": {"message": "broken"}}, 500)
        case "rejected":
            return JSONResponse({"error": {"message": "not like this"}}, 400)
        case "cut_body":
            return _Cut(text)
        case "slow_bytes":
            return StreamingResponse(_slowly(text), media_type="application/json")
        case "wrong_json":
            return Response('{"choices": [{"message": ', media_type="application/json")
        case "empty":
            document["choices"][0]["message"]["content"] = ""
            return JSONResponse(document)
        case "hang":
            await asyncio.sleep(HANG_S)
    return Response(text, media_type="application/json")


async def _slowly(text: str) -> AsyncIterator[str]:
    for start in range(0, len(text), 64):
        yield text[start : start + 64]
        await asyncio.sleep(SLOW_PAUSE_S)


class _Cut(Response):
    """Promises the whole body, sends half of it, and closes the connection."""

    def __init__(self, text: str) -> None:
        super().__init__(text, media_type="application/json")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        body = bytes(self.body)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        raise ConnectionResetError("the simulator cuts this body on purpose")


def main() -> None:
    """Runs until it is killed."""
    parser = argparse.ArgumentParser(description="A simulated OpenAI-compatible provider.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--latency-ms", type=float, default=20.0)
    parser.add_argument("--fault-rate", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--journal", type=Path)
    arguments = parser.parse_args()
    provider = Provider(arguments.latency_ms / 1000, arguments.fault_rate, arguments.seed, arguments.journal)
    uvicorn.run(application(provider), host=arguments.host, port=arguments.port, log_level="critical", access_log=False)


if __name__ == "__main__":
    main()
