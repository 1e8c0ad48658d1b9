"""Bedrock's Converse and ConverseStream, with the checks of Signature Version 4.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, …API_runtime_ConverseStream.html;
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html (the event stream's framing)
"""

import hashlib
import hmac
import json
import struct
import zlib
from typing import Any
from urllib.parse import quote, unquote

from chancery_testing.providers.dialect import check_bearer, prompt_of
from chancery_testing.providers.saying import REASONING, Asked, Incoming, Refused, Said
from chancery_testing.providers.state import Provider

_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "filtered": "guardrail_intervened"}


class Converse:
    """`/model/{id}/converse` and `/model/{id}/converse-stream`."""

    media_type = "application/vnd.amazon.eventstream"
    last_events = 1

    def asked(self, incoming: Incoming, provider: Provider) -> Asked:
        """An API key, or a signature."""
        if incoming.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256"):
            check_signature(incoming, provider)
        else:
            check_bearer(incoming, provider)
        document = incoming.document
        _check(document)
        tools = [one["toolSpec"] for one in document.get("toolConfig", {}).get("tools", [])]
        forced = document.get("toolConfig", {}).get("toolChoice", {}).get("tool", {}).get("name")
        schema = next((one["inputSchema"]["json"] for one in tools if one["name"] == forced), None)
        if text := document.get("outputConfig", {}).get("textFormat"):
            schema = json.loads(text["structure"]["jsonSchema"]["schema"])
        prompt = prompt_of([{"content": document.get("system", [])}, *document["messages"]])
        _, _, model, operation = incoming.path.split("/", 3)
        return Asked(prompt, unquote(model), operation == "converse-stream", schema, forced)

    def whole(self, said: Said, asked: Asked) -> dict[str, Any]:
        """`output.message`."""
        blocks: list[dict[str, Any]] = [{"reasoningContent": {"reasoningText": {"text": "Let me see."}}}]
        blocks += [{"text": said.text}] if said.text else []
        blocks += [{"toolUse": {"toolUseId": one.call_id, "name": one.name, "input": one.parsed()}} for one in said.calls]
        message = {"role": "assistant", "content": blocks}
        return {"output": {"message": message}, "stopReason": _STOPS[said.stop], "usage": _usage(said), "metrics": {"latencyMs": 1}}

    def events(self, said: Said, asked: Asked) -> list[bytes]:
        """`metadata`, with the usage, is the last."""
        events = [frame("messageStart", {"role": "assistant"})]
        events += [_delta(0, {"reasoningContent": {"text": "Let me see."}}), frame("contentBlockStop", {"contentBlockIndex": 0})]
        if said.text:
            events += [_delta(1, {"text": piece}) for piece in said.pieces()] + [frame("contentBlockStop", {"contentBlockIndex": 1})]
        for index, one in enumerate(said.calls, start=2 if said.text else 1):
            opened = {"toolUse": {"toolUseId": one.call_id, "name": one.name}}
            events.append(frame("contentBlockStart", {"contentBlockIndex": index, "start": opened}))
            events += [_delta(index, {"toolUse": {"input": piece}}) for piece in one.pieces()]
            events.append(frame("contentBlockStop", {"contentBlockIndex": index}))
        events.append(frame("messageStop", {"stopReason": _STOPS[said.stop]}))
        return [*events, frame("metadata", {"usage": _usage(said), "metrics": {"latencyMs": 1}})]

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """The exception's name goes in `x-amzn-errortype`."""
        return {"message": reason}

    def failing(self) -> bytes:
        """An exception in the place of an event."""
        return frame("modelStreamErrorException", {"message": "failed"}, "exception")


def _check(document: dict[str, Any]) -> None:
    """Raises Refused."""
    try:
        texts = [part["text"] for message in document["messages"] for part in message["content"]]
        names = [
            (tool["toolSpec"]["name"], tool["toolSpec"]["inputSchema"]["json"]) for tool in document.get("toolConfig", {}).get("tools", [])
        ]
    except (KeyError, TypeError) as exc:
        raise Refused(400, "ValidationException") from exc
    if not texts or not all(isinstance(schema, dict) for _, schema in names):
        raise Refused(400, "ValidationException")


def frame(name: str, document: dict[str, Any], kind: str = "event") -> bytes:
    """One message: lengths and their CRC, headers, payload, CRC of all."""
    headers = _header(f":{kind}-type", name) + _header(":content-type", "application/json") + _header(":message-type", kind)
    payload = json.dumps({**document, "p": "abcdefgh"}).encode()  # Bedrock pads its events, against guessing by length
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack("!I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()


def check_signature(incoming: Incoming, provider: Provider) -> None:
    """Step by step from AWS's documentation. Raises Refused."""
    parts = dict(one.strip().split("=", 1) for one in incoming.headers["authorization"].removeprefix("AWS4-HMAC-SHA256").split(","))
    access_key, date, region, service, terminator = parts["Credential"].split("/")
    names = parts["SignedHeaders"].split(";")
    if not {"host", "x-amz-date"} <= set(names) or service != "bedrock" or access_key not in provider.aws_keys:
        raise Refused(403, "IncompleteSignatureException")
    canonical = f"POST\n{quote(incoming.path, safe='/-_.~')}\n\n" + "".join(f"{name}:{incoming.headers[name].strip()}\n" for name in names)
    canonical += f"\n{parts['SignedHeaders']}\n{hashlib.sha256(incoming.body).hexdigest()}"
    to_sign = f"AWS4-HMAC-SHA256\n{incoming.headers['x-amz-date']}\n{date}/{region}/{service}/{terminator}\n"
    to_sign += hashlib.sha256(canonical.encode()).hexdigest()
    key = ("AWS4" + provider.aws_keys[access_key]).encode()
    for step in (date, region, service, terminator):
        key = hmac.digest(key, step.encode(), "sha256")
    if not hmac.compare_digest(hmac.digest(key, to_sign.encode(), "sha256").hex(), parts["Signature"]):
        raise Refused(403, "InvalidSignatureException")


def _delta(index: int, delta: dict[str, Any]) -> bytes:
    return frame("contentBlockDelta", {"contentBlockIndex": index, "delta": delta})


def _usage(said: Said) -> dict[str, Any]:
    """What is read from the cache is not part of `inputTokens`; reasoning is not told apart."""
    total = said.spent + said.written + REASONING
    return {
        "inputTokens": said.spent - said.cached, "cacheReadInputTokens": said.cached, "cacheWriteInputTokens": 0,
        "outputTokens": said.written + REASONING, "totalTokens": total,
    }  # fmt: skip
