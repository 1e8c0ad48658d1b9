"""Doing what a plan says: step by step, each only if nothing came between."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from chancery_contracts.identifiers import derived_id

from chancery_cli.errors import CommandFailed
from chancery_cli.registry.known import Look
from chancery_cli.registry.naming import Thing
from chancery_cli.registry.planning import Plan, Planned, Step, moved


@dataclass(frozen=True, slots=True)
class Guard:
    """`sequence`: of the change before, or the order is refused. `key`: the same order sent again is one order."""

    sequence: int
    key: str


class Orders(Protocol):
    """What the registry is asked to do. Each returns the thing's new sequence, and raises CommandFailed where it is refused."""

    def order(self, thing: Thing, path: str, body: dict[str, Any], guard: Guard) -> int:
        """POST to `path` below the thing."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one thing. `failed`: why, and after which steps."""

    planned: Planned
    steps: tuple[Step, ...]
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Applying:
    """`comment` goes with drafts and requests whose entry has none; `reason` with activations."""

    orders: Orders
    comment: str = ""

    def apply(self, plan: Plan, look: Look) -> Iterator[Done]:
        """Raises CommandFailed, before anything is done, where the registry is not as it was planned on."""
        if changed := moved(plan, look):
            names = ", ".join(str(one) for one in changed)
            raise CommandFailed(f"the registry changed since the plan was made: {names}. Nothing was applied: plan again")
        for planned in plan.pending():
            yield self._one(plan, planned)

    def _one(self, plan: Plan, planned: Planned) -> Done:
        sequence, done = planned.sequence, 0
        orders = [(step, *one) for step in planned.steps for one in self._orders(plan, planned, step)]
        try:
            for number, (_step, path, body) in enumerate(orders, start=1):
                key = derived_id(f"{plan.id}/{planned.tenant}/{planned.thing}", "registry-apply", number)
                sequence = self.orders.order(planned.thing, path, body, Guard(sequence, key))
                done = number
        except CommandFailed as exc:
            return Done(planned, _steps(orders[:done]), str(exc))
        return Done(planned, planned.steps)

    def _orders(self, plan: Plan, planned: Planned, step: Step) -> list[tuple[str, dict[str, Any]]]:
        comment, version = planned.comment or self.comment, f"versions/{planned.version}"
        if step == "draft":
            body = {"body": planned.body, "comment": comment, "origin": planned.origin, "based_on": planned.based_on}
            return [("versions", body)]
        if step == "evidence":
            return [(f"{version}/evidence", one.model_dump(mode="json", exclude_none=True)) for one in planned.evidence]
        if step == "review":
            return [(f"{version}/review-requests", {"comment": comment})]
        reason = comment or f"applied from {planned.origin or 'files'}"
        return [(f"{version}/activations", {"environment": plan.environment, "reason": reason})]


def _steps(orders: list[tuple[Step, str, dict[str, Any]]]) -> tuple[Step, ...]:
    return tuple(dict.fromkeys(step for step, _path, _body in orders))
