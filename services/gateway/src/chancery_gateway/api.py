"""HTTP in: accept, look, follow; and the chat completions that existing clients speak."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

from chancery_contracts import MAX_DATA_BYTES
from chancery_contracts.base import InputValue, strictest
from chancery_contracts.interactions import InteractionCompleted, Message
from chancery_runtime.metrics import counter, gauge
from chancery_runtime.problems import Problem
from fastapi import APIRouter, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from sse_starlette import EventSourceResponse, ServerSentEvent

from chancery_gateway.adapters.desk import Desk
from chancery_gateway.adapters.tenants import tenant_of
from chancery_gateway.domain.progress import COMPLETED, status_of
from chancery_gateway.domain.requests import NewInteraction


class Limits(BaseModel):
    """Bounds of the interface."""

    concurrent: int
    streams: int
    wait_s: float


class Accepted(BaseModel):
    """Kafka has the request."""

    interaction: str
    event_id: str
    status: Literal["accepted"] = "accepted"
    links: dict[str, str]


class StepView(BaseModel):
    """A stage that was passed."""

    stage: str
    at: datetime


class InteractionView(BaseModel):
    """How far an interaction is. `result` once it has ended, as long as Kafka keeps it (24 h)."""

    interaction: str
    status: str
    stage: str | None
    stages: list[StepView]
    result: InteractionCompleted | None = None
    note: str | None = None


class ChatRequest(BaseModel):
    """OpenAI's chat completions, as far as they make sense here. `model` names the use case; `chancery_inputs`, for its prompt, is ours."""

    model: str
    messages: tuple[Message, ...] = Field(min_length=1)
    stream: bool = False
    max_tokens: int | None = Field(default=None, ge=1)
    chancery_inputs: dict[str, InputValue] = Field(default_factory=dict)


def router(desk: Desk, limits: Limits) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1")
    slots, streams = asyncio.Semaphore(limits.concurrent), asyncio.Semaphore(limits.streams)
    requests = counter("chancery_gateway_requests_total", "Requests by what became of them", ("status",))
    open_streams = gauge("chancery_gateway_streams", "Streams of progress that are open")

    def bounded(semaphore: asyncio.Semaphore) -> asyncio.Semaphore:
        if semaphore.locked():
            requests.labels("overloaded").inc()
            raise Problem(503, "Too much at once", "Try again in a second.")
        return semaphore

    @routes.post("/interactions", status_code=202)
    async def accept(request: Request, body: NewInteraction) -> Accepted:
        """Accepts a request."""
        tenant = tenant_of(request, desk.catalogue, desk.clock())
        body = _with_headers(body, request)
        async with bounded(slots):
            event = await desk.accept(tenant, body, request.headers.get("traceparent"))
        requests.labels("accepted").inc()
        here = f"/v1/interactions/{event.interaction}"
        return Accepted(interaction=str(event.interaction), event_id=event.id, links={"self": here, "events": f"{here}/events"})

    @routes.get("/interactions/{interaction}")
    async def look(request: Request, interaction: str) -> InteractionView:
        """State, stages and result."""
        steps = await desk.steps(tenant_of(request, desk.catalogue, desk.clock()), interaction)
        status, result = status_of(steps), await desk.result(steps)
        note = "expired: answers are kept for 24 hours" if status == "completed" and result is None else None
        views = [StepView(stage=step.stage, at=step.at) for step in steps]
        stage = steps[-1].stage if steps else None
        return InteractionView(interaction=interaction, status=status, stage=stage, stages=views, result=result, note=note)

    @routes.get("/interactions/{interaction}/events")
    async def follow(request: Request, interaction: str) -> EventSourceResponse:
        """Server-sent events: each stage as it is passed, then the result."""
        tenant = tenant_of(request, desk.catalogue, desk.clock())
        await desk.steps(tenant, interaction)
        semaphore = bounded(streams)

        async def events() -> AsyncIterator[ServerSentEvent]:
            async with semaphore:
                with open_streams.track_inprogress():
                    async for step, result in desk.follow(tenant, interaction):
                        if step.stage == COMPLETED:
                            yield ServerSentEvent(result.model_dump_json() if result else "{}", event="completed")
                        else:
                            yield ServerSentEvent(StepView(stage=step.stage, at=step.at).model_dump_json(), event="stage")

        return EventSourceResponse(events(), ping=15)

    @routes.post("/chat/completions", response_model=None)
    async def chat(request: Request, body: ChatRequest) -> JSONResponse | EventSourceResponse:
        """Waits for the end. An answer is released whole, after validation; a stream carries it then."""
        tenant = tenant_of(request, desk.catalogue, desk.clock())
        wanted = _checked(
            use_case=body.model.removeprefix("chancery/"), messages=body.messages, max_output_tokens=body.max_tokens,
            inputs=body.chancery_inputs, matter=request.headers.get("chancery-matter"),
            conversation=request.headers.get("chancery-conversation"), sensitivity=request.headers.get("chancery-sensitivity"),
        )  # fmt: skip
        async with bounded(slots):
            event = await desk.accept(tenant, wanted, request.headers.get("traceparent"))
            interaction = str(event.interaction)
            try:
                result = await asyncio.wait_for(desk.wait(tenant, interaction), limits.wait_s)
            except TimeoutError as exc:
                raise Problem(504, "Not completed in time", "The request goes on: ask for it.", interaction=interaction) from exc
        requests.labels(result.outcome if result else "expired").inc()
        return _chat_answer(interaction, body, result)

    return routes


def _checked(**fields: Any) -> NewInteraction:
    """A request whose parts came in headers, too. Raises RequestValidationError, which tells the caller where and never what."""
    try:
        return NewInteraction.model_validate(fields)
    except ValidationError as exc:
        raise RequestValidationError(exc.errors()) from None


def _with_headers(body: NewInteraction, request: Request) -> NewInteraction:
    """An `Idempotency-Key` is the interaction's id; `Chancery-Sensitivity` counts where it is stricter than the body's."""
    key, stated = request.headers.get("idempotency-key"), request.headers.get("chancery-sensitivity")
    if key and body.interaction is None:
        body = _checked(**body.model_dump() | {"interaction": key})
    if stated is None:
        return body
    raised = _checked(**body.model_dump() | {"sensitivity": stated})
    return _checked(**body.model_dump() | {"sensitivity": strictest(body.sensitivity, raised.sensitivity)})


def _chat_answer(interaction: str, body: ChatRequest, result: InteractionCompleted | None) -> JSONResponse | EventSourceResponse:
    if result is None or result.outcome == "refused":
        code = result.code if result else "expired"
        error = {"message": result.message if result else "", "type": "refused", "code": code, "interaction": interaction}
        return JSONResponse({"error": error}, 429 if code == "budget_exceeded" else 422)
    message = _message(result)
    reason = (result.stop_reason or "stop") if result.outcome == "released" else "content_filter"
    chancery = {"interaction": interaction, "outcome": result.outcome, "citations": [one.model_dump() for one in result.citations]}
    if not body.stream:
        return JSONResponse(_completion(interaction, body, (message, reason), result) | {"chancery": chancery})

    async def chunks() -> AsyncIterator[str]:
        for delta, finish in ((_delta(message), None), ({}, reason)):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            yield json.dumps({"id": interaction, "object": "chat.completion.chunk", "created": 0, "model": body.model, "choices": [choice]})
        yield "[DONE]"

    return EventSourceResponse(chunks())


def _message(result: InteractionCompleted) -> dict[str, Any]:
    """Tool calls have no text beside them."""
    if not result.tool_calls or result.outcome != "released":
        return {"role": "assistant", "content": result.answer if result.outcome == "released" else result.message}
    calls = [
        {"id": one.call_id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}} for one in result.tool_calls
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def _delta(message: dict[str, Any]) -> dict[str, Any]:
    """A stream's tool calls have their places."""
    if "tool_calls" not in message:
        return message
    return message | {"tool_calls": [{"index": place, **call} for place, call in enumerate(message["tool_calls"])]}


def _completion(interaction: str, body: ChatRequest, said: tuple[dict[str, Any], str], result: InteractionCompleted) -> dict[str, Any]:
    """`said`: the message, and why it ended."""
    usage = result.usage
    inputs = usage.input_uncached + usage.input_cache_read + usage.input_cache_write if usage else 0
    outputs = usage.output + usage.output_reasoning if usage else 0
    choice = {"index": 0, "message": said[0], "finish_reason": said[1]}
    return {
        "id": interaction, "object": "chat.completion", "created": 0, "model": body.model, "choices": [choice],
        "usage": {"prompt_tokens": inputs, "completion_tokens": outputs, "total_tokens": inputs + outputs},
    }  # fmt: skip


class BodyLimit:
    """Refuses bodies over one MiB before they are read whole (ASGI middleware)."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Counts what comes in, whatever Content-Length says."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > MAX_DATA_BYTES:
            await _too_large()(scope, receive, send)
            return
        read = 0

        async def counted() -> Any:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_DATA_BYTES:
                # Not a Problem: FastAPI lets only its own exception pass while it reads a body, and makes a 400 of others.
                raise HTTPException(413, "Too large")
            return message

        await self._app(scope, counted, send)


def _too_large() -> JSONResponse:
    document = {"type": "about:blank", "title": "Too large", "status": 413, "detail": f"A request may have {MAX_DATA_BYTES} bytes."}
    return JSONResponse(document, 413, media_type="application/problem+json")
