"""The events that an erasure ends in. Their ids derive from all that they say: one id has one content."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.identifiers import derived_id
from chancery_contracts.privacy import ErasureCause, ErasureRefused, PayloadsErased, PrivacyPayload


@dataclass(frozen=True, slots=True)
class Because:
    """Why a batch is erased."""

    cause: ErasureCause
    request: str | None = None
    matter: str | None = None
    use_case: str | None = None
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Destroyed:
    """How much."""

    payloads: int
    wrapped_keys: Sequence[bytes]


def payloads_erased(tenant: str, scopes: Sequence[str], because: Because, destroyed: Destroyed, now: datetime) -> AnyEvent:
    """Of one batch."""
    data = PayloadsErased(
        cause=because.cause, request=because.request, use_case=because.use_case, retention_days=because.retention_days,
        scopes=tuple(scopes), payloads=destroyed.payloads, keys=len(destroyed.wrapped_keys),
    )  # fmt: skip
    return _event(tenant, data, because, now)


def erasure_refused(tenant: str, data: ErasureRefused, because: Because, now: datetime) -> AnyEvent:
    """Of one request."""
    return _event(tenant, data, because, now)


def _event(tenant: str, data: PrivacyPayload, because: Because, now: datetime) -> AnyEvent:
    said = f"{tenant}/{data.TYPE}/{now.isoformat()}/{data.model_dump_json()}"
    return Event(
        id=derived_id(said, "audit"), source="chancery/audit", time=now, tenant=tenant, data=data, matter=because.matter,
        causation=because.request,
    )  # fmt: skip
