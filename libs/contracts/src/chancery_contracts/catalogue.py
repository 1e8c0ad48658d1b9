"""The catalogue: what the registry's events add up to, at a moment. Pure; every service that needs it keeps one."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from chancery_contracts.areas import RegistryEntryPublished, RegistryKind
from chancery_contracts.base import Part, VersionRef
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison
from chancery_contracts.patterns import ENTITY_TYPE, nameable, runnable

SHARED = "shared"
"""The tenant of entries that every tenant may use."""
DEFAULT_RETENTION_DAYS = 2557
"""Seven years: the longest that the rules in scope name (MiFID II Del. Reg. 2017/565 art. 72 on request; FINRA 4511 says six)."""
SHORTEST_RETENTION_DAYS = 7
"""As long as Kafka keeps the stream by default: what it still holds, the trail cannot erase."""


class TenantBody(Part):
    """An organisation. API keys are held as SHA-256 in hexadecimal (they are 256-bit random, so no salt is needed)."""

    display_name: str
    api_key_sha256: tuple[str, ...] = ()


class PromptBody(Part):
    """Templates with `{question}`, `{passages}` and `{history}`."""

    system: str
    user: str


class ModelPrice(Part):
    """Micro-units of the currency per million tokens."""

    currency: str = "USD"
    input_micros_per_mtok: int = Field(ge=0)
    output_micros_per_mtok: int = Field(ge=0)


class ModelBody(Part):
    """A model that may be called. `price` none: looked up by `genai_prices` at reservation; unknown there: refused."""

    provider: Literal["extractive", "openai"]
    provider_model: str
    provider_name: str = "local"
    base_url: str | None = None
    api_key_environment: str | None = Field(default=None, description="Name of the environment variable that holds the key")
    context_tokens: int = Field(default=8192, ge=1)
    max_output_tokens: int = Field(default=512, ge=1)
    timeout_s: float = Field(default=30.0, gt=0)
    max_attempts: int = Field(default=3, ge=1, le=10)
    price: ModelPrice | None = None


class BudgetBody(Part):
    """A hard limit: what is spent and what is reserved never exceed it."""

    limit_micros: int = Field(ge=0)
    currency: str = "USD"
    period: Literal["day", "month", "total"] = "total"


class PolicyPattern(Part):
    """A pattern of a tenant's own, in RE2's syntax (no look-around, no back-references): it can never take long, whatever the text."""

    name: str
    regex: Annotated[str, Field(max_length=1_000), AfterValidator(runnable)]
    entity_type: str = Field(pattern=ENTITY_TYPE)
    score: float = Field(default=0.9, gt=0, le=1)


class RedactionPolicyBody(Part):
    """What is masked, from which score on. The fields after `refuse_injections` came later: their defaults mask as before."""

    entity_types: tuple[str, ...]
    score_threshold: float = Field(default=0.4, ge=0, le=1)
    allow_list: tuple[str, ...] = ()
    refuse_injections: bool = True
    names: tuple[Annotated[str, Field(max_length=200), AfterValidator(nameable)], ...] = Field(
        default=(), max_length=20_000, description="Masked as PERSON wherever they stand as whole words, in either case"
    )
    patterns: tuple[PolicyPattern, ...] = Field(default=(), max_length=100, description="Masked whatever `entity_types` says")
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description="Score by type, instead of `score_threshold`"
    )
    languages: tuple[str, ...] = Field(
        default=("en",), min_length=1, description="ISO 639-1; one that redaction does not know refuses the request"
    )
    profile: Literal["default", "judgment"] = Field(
        default="default", description="`judgment`: what identifies, for publishing court decisions"
    )
    amounts: Literal["keep", "generalise"] = "keep"
    dates: Literal["keep", "shift", "generalise"] = "keep"
    """`shift`: by a constant of the matter, back again in the answer. Dates of birth are masked by their type."""


class UseCaseBody(Part):
    """The governed configuration under which a request runs."""

    task: Literal["answer", "summary"] = "answer"
    prompt: VersionRef
    model: VersionRef
    collections: tuple[str, ...]
    matter_required: bool = False
    top_k: int = Field(default=6, ge=1, le=50)
    budget: str
    redaction_policy: VersionRef
    thresholds: dict[str, float] = Field(default_factory=dict, description="Threshold by validator; those not named have defaults")
    max_output_tokens: int = Field(default=400, ge=1)
    retention_days: int = Field(
        default=DEFAULT_RETENTION_DAYS,
        ge=SHORTEST_RETENTION_DAYS,
        description="How long the trail keeps payloads after an interaction's end. Below 184 days, see AI Act art. 19 and 26(6)",
    )


Body = TenantBody | PromptBody | ModelBody | BudgetBody | RedactionPolicyBody | UseCaseBody
BODIES: dict[RegistryKind, type[Body]] = {
    "tenant": TenantBody,
    "prompt": PromptBody,
    "model": ModelBody,
    "use_case": UseCaseBody,
    "budget": BudgetBody,
    "redaction_policy": RedactionPolicyBody,
}
B = TypeVar("B", bound=Part)


def body_sha256(body: dict[str, object]) -> str:
    """SHA-256 of canonical JSON. Bodies hold strings, integers and finite decimals, sorted by key, compact (RFC 8785 §3.2 for these)."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Catalogue:
    """A projection of the registry topic. `apply` may see an entry again; the first content of a version stays."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, RegistryKind, str], dict[int, tuple[datetime, Body]]] = {}

    def apply(self, event: AnyEvent) -> None:
        """Takes in one event. Raises Poison where the body does not fit its kind or its hash."""
        entry = event.data
        if not isinstance(entry, RegistryEntryPublished):
            return
        if body_sha256(entry.body) != entry.body_sha256:
            raise Poison("the registry entry's body does not match its hash")
        try:
            body = BODIES[entry.kind].model_validate(entry.body)
        except ValueError as exc:
            raise Poison(f"the registry entry's body is not a {entry.kind}") from exc
        versions = self._versions.setdefault((event.tenant, entry.kind, entry.name), {})
        versions.setdefault(entry.version, (entry.effective_from, body))

    def pinned(self, tenant: str, kind: RegistryKind, ref: VersionRef, body: type[B]) -> B | None:
        """That version, of the tenant or shared; none if unknown."""
        for owner in (tenant, SHARED):
            found = self._versions.get((owner, kind, ref.name), {}).get(ref.version)
            if found is not None and isinstance(found[1], body):
                return found[1]
        return None

    def in_force(self, tenant: str, kind: RegistryKind, name: str, at: datetime, body: type[B]) -> tuple[VersionRef, B] | None:
        """The highest version in force at a moment, of the tenant, else shared; none if there is none."""
        for owner in (tenant, SHARED):
            versions = self._versions.get((owner, kind, name), {})
            live = [number for number, (since, _) in versions.items() if since <= at]
            if live and isinstance(found := versions[max(live)][1], body):
                return VersionRef(name=name, version=max(live)), found
        return None

    def tenants(self) -> Iterator[tuple[str, TenantBody]]:
        """Every tenant with its newest body."""
        for (_, kind, name), versions in self._versions.items():
            if kind == "tenant" and isinstance(body := versions[max(versions)][1], TenantBody):
                yield name, body
