"""Which models may answer, in which order, and why the others may not. Pure: what is known of each comes in as an `Option`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from chancery_contracts.base import Sensitivity, VersionRef, cleared
from chancery_contracts.bodies import ModelBody
from chancery_contracts.interactions import AttestationEvidence, Candidate, RouteDecision

Obstacle = Literal[
    "unknown", "retired", "deprecated", "kind", "adapter", "clearance", "attestation", "region", "reservation", "circuit", "incomplete",
]  # fmt: skip
GENERATES = frozenset({"generative", "extractive"})


@dataclass(frozen=True, slots=True)
class Option:
    """A model that the use case names, with what is known of it at this moment. `quote_micros`: the most that a call can cost."""

    ref: VersionRef
    model: ModelBody | None
    usable: bool = True
    adapted: bool = True
    reserved: bool = True
    circuit_open: bool = False
    quote_micros: int | None = None
    latency_s: float | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What the text and the use case demand. `attesting`: whether enclaves can be verified here."""

    sensitivity: Sensitivity
    today: date
    regions: tuple[str, ...] = ()
    prefer: Literal["order", "price", "latency"] = "order"
    attesting: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model that may be asked. `attest`: once what runs there is proved."""

    ref: VersionRef
    model: ModelBody
    attest: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Models in the order in which they are asked, and the record of the decision. `obstacles`: of those passed over."""

    chosen: tuple[Chosen, ...]
    decision: RouteDecision
    obstacles: tuple[Obstacle, ...] = ()

    def noting(self, notes: Mapping[VersionRef, str]) -> RouteDecision:
        """The record, after some models turned out not to be askable. They stay on record where they stood."""
        if not notes:
            return self.decision
        noted = (_passed(one.model, notes[one.model]) if one.model in notes else one for one in self.decision.candidates)
        return self.decision.model_copy(update={"candidates": tuple(noted)})


def decide(options: Sequence[Option], terms: Terms) -> Route:
    """Every option is in the record: first those that may be asked, in their order, then those passed over, each with its reason.

    A circuit that is open passes a model over only where another may be asked; else it is waited for.
    """
    found = [(option, obstacle(option, terms)) for option in options]
    allowed = _ordered([option for option, against in found if against is None], terms)
    passed = [(option.ref, against) for option, against in found if against is not None]
    closed = [option for option in allowed if not option.circuit_open]
    if closed and len(closed) < len(allowed):
        passed += [(option.ref, ("circuit", "its circuit is open")) for option in allowed if option.circuit_open]
        allowed = closed
    decision = RouteDecision(
        sensitivity=terms.sensitivity,
        regions=terms.regions,
        prefer=terms.prefer,
        candidates=(*(Candidate(model=one.ref) for one in allowed), *(_passed(ref, words) for ref, (_, words) in passed)),
    )
    chosen = tuple(Chosen(one.ref, one.model, needs_attestation(one.model, terms.sensitivity)) for one in allowed if one.model is not None)
    return Route(chosen, decision, tuple(kind for _, (kind, _) in passed))


def obstacle(option: Option, terms: Terms) -> tuple[Obstacle, str] | None:  # noqa: PLR0911  # a table of rules, one a line
    """The first rule that speaks against a model, in words for the record."""
    model = option.model
    if model is None:
        return "unknown", "it is not in the catalogue"
    if not option.usable:
        return "retired", "it is retired"
    card = model.card
    if card is not None and card.deprecation_date is not None and card.deprecation_date < terms.today:
        return "deprecated", f"its supplier has withdrawn it on {card.deprecation_date}"
    if card is not None and card.model_type not in GENERATES:
        return "kind", f"a model of type {card.model_type} does not answer"
    if not option.adapted:
        return "adapter", f"nothing here speaks to provider {model.provider}"
    if not cleared(model.clearance, terms.sensitivity):
        return "clearance", f"it is cleared for {model.clearance} text, and this is {terms.sensitivity}"
    if needs_attestation(model, terms.sensitivity) and (model.attestation is None or not terms.attesting):
        return "attestation", _unproved(model)
    if not _within(model, terms.regions):
        return "region", f"it runs in {model.region or 'no stated region'}"
    if not option.reserved:
        return "reservation", "no money is set aside for it"
    return None


def _unproved(model: ModelBody) -> str:
    if model.attestation is None:
        return "restricted text goes to the operator's own machines and attested enclaves alone"
    return "nothing here can verify its attestation"


def needs_attestation(model: ModelBody, sensitivity: Sensitivity) -> bool:
    """Whether it must prove what runs there before this text goes out: always where its entry says how, and before restricted text."""
    at_home = model.provider == "extractive" or model.region == "local"
    return model.attestation is not None or (sensitivity == "restricted" and not at_home)


def requester_message(route: Route) -> str:
    """What the requester is told where no model is left: the one reason that they or their administrator can act on."""
    sensitivity = route.decision.sensitivity
    if {"clearance", "attestation"} & set(route.obstacles):
        return f"No model is cleared for {sensitivity} text in this use case. Ask your administrator."
    if "region" in route.obstacles:
        return "No model runs in a region that this use case allows. Ask your administrator."
    return "No model may answer in this use case at present. Ask your administrator."


def _within(model: ModelBody, regions: Sequence[str]) -> bool:
    """The extractive model runs where the text is already."""
    return not regions or model.provider == "extractive" or model.region in regions


def _ordered(allowed: list[Option], terms: Terms) -> list[Option]:
    """Stable. A model without a quote goes last; one that was not measured goes first, or it never would be."""
    match terms.prefer:
        case "order":
            return allowed
        case "price":
            return sorted(allowed, key=lambda one: (one.quote_micros is None, one.quote_micros or 0))
        case "latency":
            return sorted(allowed, key=lambda one: one.latency_s or 0.0)


def _passed(ref: VersionRef, words: str) -> Candidate:
    return Candidate(model=ref, passed_over=words)


def attested(decision: RouteDecision, evidence: AttestationEvidence) -> RouteDecision:
    """The record, with what was proved."""
    return decision.model_copy(update={"attestation": evidence})
