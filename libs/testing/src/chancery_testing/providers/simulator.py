"""Every wire behind one ASGI application. Plain ASGI: a benchmark of callers should not measure a framework."""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from chancery_testing.providers.anthropic import Messages
from chancery_testing.providers.bedrock import Converse
from chancery_testing.providers.cohere import Chat
from chancery_testing.providers.dialect import Dialect
from chancery_testing.providers.ollama import OllamaChat
from chancery_testing.providers.openai_chat import AzureChat, ChatCompletions, LlamaCppChat, MistralChat, VllmChat
from chancery_testing.providers.openai_responses import Responses
from chancery_testing.providers.saying import Asked, Incoming, Refused, said
from chancery_testing.providers.sending import HANG_S, Gone, Line, send_stream, send_whole
from chancery_testing.providers.state import Provider

_BY_PATH: dict[str, Dialect] = {
    "/v1/chat/completions": ChatCompletions(),
    "/mistral/v1/chat/completions": MistralChat(),
    "/vllm/v1/chat/completions": VllmChat(),
    "/llama.cpp/v1/chat/completions": LlamaCppChat(),
    "/v1/responses": Responses(),
    "/v1/messages": Messages(),
    "/v2/chat": Chat(),
    "/api/chat": OllamaChat(),
}
_AZURE, _BEDROCK = AzureChat(), Converse()
_STATUSES = {"rate_limit": 429, "server_error": 500, "overloaded": 529, "rejected": 400}
_AMAZON_NAMES = {
    400: "ValidationException", 403: "AccessDeniedException", 429: "ThrottlingException", 500: "InternalServerException",
    503: "ServiceUnavailableException",
}  # fmt: skip


def application(provider: Provider) -> ASGIApp:
    """The simulator: every vendor's path, and `/calls` for those who check."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        line = Line(send, receive, provider.slow_pause_s)
        path = scope.get("raw_path", scope["path"].encode()).decode().partition("?")[0]
        if path == "/calls":
            await line.whole(200, provider.summary())
        elif (dialect := spoken(path)) is None:
            await line.whole(404, {"error": "no such path"})
        else:
            await _answer(provider, dialect, await _incoming(scope, receive, path), line)

    return app


def spoken(path: str) -> Dialect | None:
    """Whose path it is."""
    if path.startswith("/model/") and path.endswith(("/converse", "/converse-stream")):
        return _BEDROCK
    if path.startswith("/openai/deployments/") and path.endswith("/chat/completions"):
        return _AZURE
    return _BY_PATH.get(path)


async def _incoming(scope: Scope, receive: Receive, path: str) -> Incoming:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        document = json.loads(body)
    except ValueError:
        document = {}
    return Incoming(path, dict(parse_qsl(scope["query_string"].decode())), headers, body, document if isinstance(document, dict) else {})


async def _answer(provider: Provider, dialect: Dialect, incoming: Incoming, line: Line) -> None:
    key = incoming.headers.get("idempotency-key", "")
    provider.counts[key] += 1
    try:
        asked = dialect.asked(incoming, provider)
    except Refused as refused:
        provider.note(key, "started", fault=None)
        provider.note(key, "finished", fault="refused", status=refused.status)
        await _error(dialect, line, refused.status, refused.reason)
        return
    fault = provider.fault(incoming.headers.get("x-fault"), asked.prompt, provider.counts[key])
    provider.note(key, "started", fault=fault)
    try:
        if provider.latency_s:
            await line.wait(provider.latency_s)
        await _respond(provider, dialect, asked, fault, line)
    except Gone:
        provider.note(key, "abandoned", fault=fault)
    except ConnectionResetError:
        provider.note(key, "finished", fault=fault, status=line.status)
        raise
    else:
        provider.note(key, "finished", fault=fault, status=line.status)


async def _respond(provider: Provider, dialect: Dialect, asked: Asked, fault: str | None, line: Line) -> None:
    if fault in _STATUSES:
        status = 503 if fault == "overloaded" and dialect is _BEDROCK else _STATUSES[fault]
        await _error(dialect, line, status, fault, {"retry-after": str(provider.retry_after_s)} if fault == "rate_limit" else {})
    elif fault == "hang":
        await line.wait(HANG_S)
    elif fault == "redirect":
        await line.start(307, "text/plain", {"location": "http://127.0.0.1:1/elsewhere", "content-length": "0"})
        await line.end()
    elif fault == "wrong_type":
        await line.start(200, "text/html; charset=utf-8")
        await line.end(b"<!doctype html><title>Sign in</title>")
    elif asked.stream:
        await send_stream(line, _events(dialect, asked, fault), dialect.media_type, fault)
    elif fault == "midstream":
        await _error(dialect, line, 500, "failed")
    else:
        body = json.dumps(dialect.whole(said(asked, fault), asked), ensure_ascii=False).encode()
        await send_whole(line, body[: len(body) // 2] if fault in ("wrong_json", "cut_end") else body, fault)


def _events(dialect: Dialect, asked: Asked, fault: str | None) -> list[bytes]:
    events = dialect.events(said(asked, fault), asked)
    last = dialect.last_events
    match fault:
        case "duplicate":
            return [*events, *events[-last:]]
        case "cut_end":
            return events[:-last]
        case "midstream":
            return [*events[: len(events) // 2], dialect.failing()]
        case "wrong_json":
            return [events[0], events[1].replace(b"{", b"(", 1), *events[2:]]
    return events


async def _error(dialect: Dialect, line: Line, status: int, reason: str, headers: dict[str, Any] | None = None) -> None:
    amazon = {"x-amzn-errortype": _AMAZON_NAMES.get(status, "ValidationException")} if dialect is _BEDROCK else {}
    await line.whole(status, dialect.error(status, reason), {**amazon, **(headers or {})})
