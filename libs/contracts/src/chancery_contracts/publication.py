"""The published contract: JSON Schemas of every event type and an AsyncAPI 3.1 document, generated from the code.

Committed under `schemas/` and frozen per version: a change in a published schema is a new version of its type.
Source: AsyncAPI 3.1.0; AsyncAPI Kafka bindings 0.5.0; CloudEvents 1.0.2.
"""

import re
from typing import Any

from chancery_contracts.base import Payload
from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_contracts.topics import PAYLOADS, TOPICS, Topic

CONTRACT_VERSION = "1.0.0"
_DIALECT = "http://json-schema.org/draft-07/schema#"
_REF_TEMPLATE = "#/definitions/{model}"


def json_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema (draft 7, which AsyncAPI's tools read) of every event's data, by CloudEvents type."""
    return {name: _schema(payload) for name, payload in sorted(PAYLOADS.items())}


def _schema(payload: type[Payload]) -> dict[str, Any]:
    schema = payload.model_json_schema(ref_template=_REF_TEMPLATE)
    definitions = schema.pop("$defs", None)
    document = {"$schema": _DIALECT, "$id": f"urn:chancery:schema:{payload.TYPE}", **schema}
    converted: dict[str, Any] = _as_draft_7(document | ({"definitions": definitions} if definitions else {}))
    return converted


def _as_draft_7(node: Any) -> Any:
    """`prefixItems` of 2020-12 is `items` in draft 7; nothing else that pydantic writes differs here."""
    if isinstance(node, dict):
        return {("items" if key == "prefixItems" else key): _as_draft_7(value) for key, value in node.items()}
    return [_as_draft_7(value) for value in node] if isinstance(node, list) else node


def message_name(payload: type[Payload]) -> str:
    """The name of a message in the document: `InteractionRequestedV1`."""
    version = payload.TYPE.rsplit(".v", 1)[1]
    return f"{payload.__name__}V{version}"


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI document of the platform: it receives what outsiders publish, and sends the rest."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Chancery",
            "version": CONTRACT_VERSION,
            "description": "Every model interaction as a chain of events. Publish `interactions.requested.<tenant>`, "
            "read `interactions.completed.<tenant>`; everything between is open to read where access allows.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "variables": {"bootstrap": {"default": "localhost:9092", "description": "Bootstrap address of the cluster"}},
            }
        },
        "channels": {_channel_name(topic): _channel(topic) for topic in TOPICS},
        "operations": _operations(),
        "components": {
            "messages": {message_name(payload): _message(payload) for payload in PAYLOADS.values()},
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
        },
    }


def _channel_name(topic: Topic) -> str:
    return re.sub(r"[^A-Za-z0-9]+(.)", lambda match: match[1].upper(), topic.name)


def _channel(topic: Topic) -> dict[str, Any]:
    messages = {message_name(p): {"$ref": f"#/components/messages/{message_name(p)}"} for p in topic.types}
    configuration = {"cleanup.policy": ["compact" if topic.compacted else "delete"], "retention.ms": topic.retention_ms}
    channel: dict[str, Any] = {
        "address": topic.full_name("{tenant}" if topic.per_tenant else None),
        "title": topic.name,
        "description": f"{topic.description}. Written by {topic.owner}; key: tenant/{topic.key}; personal data: {topic.pii}.",
        "messages": messages,
        "bindings": {"kafka": {"partitions": topic.partitions, "topicConfiguration": configuration, "bindingVersion": "0.5.0"}},
        "x-pii": topic.pii,
    }
    if topic.per_tenant:
        channel["parameters"] = {"tenant": {"description": f"The tenant's id, {TENANT_PATTERN}"}}
    return channel


def _operations() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for topic in TOPICS:
        name = _channel_name(topic)
        action = "receive" if topic.owner.startswith("publishers") else "send"
        # AsyncAPI speaks for the application: what it receives, outsiders publish.
        operations[f"{action}{name[0].upper()}{name[1:]}"] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": topic.description,
        }
    return operations


def _message(payload: type[Payload]) -> dict[str, Any]:
    schema = _schema(payload)
    schema.pop("$schema")
    name = message_name(payload)
    # References inside a message's schema start at the document's root, so each carries its own definitions.
    text_path = f"#/components/messages/{name}/payload/definitions/"
    return {
        "name": payload.TYPE,
        "title": payload.__name__,
        "summary": (payload.__doc__ or "").split("\n", 1)[0],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": _repoint(schema, text_path),
    }


def _repoint(node: Any, path: str) -> Any:
    if isinstance(node, dict):
        return {
            key: value.replace("#/definitions/", path) if key == "$ref" else _repoint(value, path)
            for key, value in node.items()
            if key != "$id"
        }
    return [_repoint(value, path) for value in node] if isinstance(node, list) else node


def _headers() -> dict[str, Any]:
    """CloudEvents attributes as headers of a record (Kafka binding §3.2)."""
    identifier = {"type": "string", "pattern": IDENTIFIER_PATTERN}
    optional = ("ce_interaction", "ce_conversation", "ce_matter", "ce_causation", "ce_namespace")
    properties: dict[str, Any] = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": identifier,
        "ce_source": {"type": "string"},
        "ce_type": {"type": "string", "enum": sorted(PAYLOADS)},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_tenant": {"type": "string", "pattern": TENANT_PATTERN},
        "content-type": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C Trace Context"},
    }
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
        "properties": properties | dict.fromkeys(optional, identifier),
    }
