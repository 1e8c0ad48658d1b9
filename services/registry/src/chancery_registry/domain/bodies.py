"""Whether a body is one of its kind, before it becomes a version for ever."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from chancery_contracts.bodies import BODIES, ApprovalPolicyBody, Body
from chancery_contracts.governance import EvidenceForm, GovernedKind
from pydantic import ValidationError

from chancery_registry.domain.roles import NOT_APPROVING
from chancery_registry.errors import Fault, Unsound

MOST_FAULTS = 50


def read_body(kind: GovernedKind, name: str, body: dict[str, Any]) -> Body:
    """As services will read it. Raises Unsound, which never quotes the body.

    A member that nobody knows is refused: services pass over it, so that a misspelt one would mean its default.
    """
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
        read = BODIES[kind].model_validate(body)
    except ValidationError as exc:
        faults = [
            Fault(_pointer(error["loc"]), error["type"]) for error in exc.errors(include_input=False, include_url=False)[:MOST_FAULTS]
        ]
        raise Unsound(f"the body is not a {kind}", faults) from exc
    except (ValueError, RecursionError) as exc:
        raise Unsound("the body holds what JSON cannot say: numbers without end, halves of characters") from exc
    faults = [*_unknown(body, read.model_dump(mode="json"), ()), *_special(read, name)][:MOST_FAULTS]
    if faults:
        raise Unsound(f"the body is not a {kind}", faults)
    return read


def _unknown(given: object, read: object, at: tuple[str | int, ...]) -> Iterator[Fault]:
    if isinstance(given, Mapping) and isinstance(read, Mapping):
        for name, value in given.items():
            if name not in read:
                yield Fault(_pointer((*at, name)), "unknown")
            else:
                yield from _unknown(value, read[name], (*at, name))
    elif isinstance(given, list | tuple) and isinstance(read, list | tuple):
        for number, (one, other) in enumerate(zip(given, read, strict=False)):
            yield from _unknown(one, other, (*at, number))


def _special(body: Body, name: str) -> Iterator[Fault]:
    if isinstance(body, ApprovalPolicyBody):
        if name not in BODIES:
            yield Fault("", "an approval policy is called like the kind that it governs")
        if NOT_APPROVING & set(body.roles) or len(set(body.roles)) != len(body.roles):
            yield Fault("/roles", "roles that approve are each named once, and neither author nor operator")
        if not set(body.evidence) <= set(get_args(EvidenceForm)):
            yield Fault("/evidence", f"forms are {', '.join(get_args(EvidenceForm))}")


def _pointer(steps: tuple[str | int, ...]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
