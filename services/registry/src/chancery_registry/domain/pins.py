"""Whether what a version rests on may go live with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import Body, BudgetBody, ExperimentBody, ModelBody, UseCaseBody
from chancery_contracts.catalogue import SHARED, Catalogue
from chancery_contracts.governance import GovernedKind, RegistryEnvironment

from chancery_registry.errors import Fault

Pin = tuple[str, GovernedKind, VersionRef]
"""Where it stands, and what it names."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is checked against: whose, when, for where."""

    catalogue: Catalogue
    tenant: str
    at: datetime
    environment: RegistryEnvironment = "production"


def pins(body: Body) -> Iterator[Pin]:
    """The versions that a body names."""
    if isinstance(body, UseCaseBody):
        yield "/prompt", "prompt", body.prompt
        yield "/model", "model", body.model
        yield "/redaction_policy", "redaction_policy", body.redaction_policy
        for number, ref in enumerate(body.routing.fallbacks):
            yield f"/routing/fallbacks/{number}", "model", ref
    if isinstance(body, ExperimentBody):
        for number, variant in enumerate(body.variants):
            if variant.prompt is not None:
                yield f"/variants/{number}/prompt", "prompt", variant.prompt
            if variant.model is not None:
                yield f"/variants/{number}/model", "model", variant.model


def faults(body: Body, ground: Ground) -> list[Fault]:
    """Why a body may not go live: what it pins is not there, not approved (for production), retired, or past its end."""
    found = [Fault(pointer, why) for pointer, kind, ref in pins(body) if (why := _wrong(kind, ref, ground)) is not None]
    if isinstance(body, ModelBody) and _past_its_end(body, ground.at):
        found.append(Fault("/card/deprecation_date", "the model is past its deprecation"))
    if isinstance(body, UseCaseBody) and ground.catalogue.in_force(ground.tenant, "budget", body.budget, ground.at, BudgetBody) is None:
        found.append(Fault("/budget", "no budget of this name is live"))
    if isinstance(body, ExperimentBody):
        found += _of_experiment(body, ground)
    return found


def contested(name: str, body: Body, ground: Ground) -> Iterator[Fault]:
    """An experiment is a tenant's own, and the only one of its use case: two would answer for each other's differences."""
    if not isinstance(body, ExperimentBody):
        return
    if ground.tenant == SHARED:
        yield Fault("", "an experiment is a tenant's own, and never shared")
    for other in ground.catalogue.named(ground.tenant, "experiment"):
        live = ground.catalogue.live(ground.tenant, "experiment", other, ground.at)
        found = None if live is None else ground.catalogue.body(ground.tenant, "experiment", other, live.number)
        if other != name and isinstance(found, ExperimentBody) and found.use_case == body.use_case:
            yield Fault("/use_case", f"experiment {other} of this use case is live")


def _wrong(kind: GovernedKind, ref: VersionRef, ground: Ground) -> str | None:
    for owner in (ground.tenant, SHARED):  # as Catalogue.pinned: the tenant's own first
        history = ground.catalogue.history(owner, kind, ref.name)
        version = None if history is None else history.versions.get(ref.version)
        if version is None:
            continue
        body = ground.catalogue.body(owner, kind, ref.name, ref.version)
        if body is None:
            return f"this {kind} cannot be read"
        if not version.usable(ground.at):
            return f"this {kind} is retired"
        if version.stage != "approved" and ground.environment == "production":
            return f"this {kind} is not approved"
        return "the model is past its deprecation" if isinstance(body, ModelBody) and _past_its_end(body, ground.at) else None
    return f"there is no such {kind}"


def _past_its_end(body: ModelBody, at: datetime) -> bool:
    return body.card is not None and body.card.deprecation_date is not None and body.card.deprecation_date < at.date()


def _of_experiment(body: ExperimentBody, ground: Ground) -> Iterator[Fault]:
    if ground.catalogue.in_force(ground.tenant, "use_case", body.use_case, ground.at, UseCaseBody) is None:
        yield Fault("/use_case", "no use case of this name is live")
    if not any(variant.weight for variant in body.variants):
        yield Fault("/variants", "all weights are 0")
    if len({variant.name for variant in body.variants}) != len(body.variants):
        yield Fault("/variants", "each variant has a name of its own")
