"""Judges generated answers. Pure: the same event gives the same bytes, so no journal is needed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from chancery_contracts import AnyEvent, Payload, Poison, Retry
from chancery_contracts.bodies import UseCaseBody
from chancery_contracts.interactions import InteractionGenerated, InteractionValidated, Verdict

from chancery_validation.domain.checks import run_checks
from chancery_validation.domain.evidence import read_evidence
from chancery_validation.errors import UnknownThreshold
from chancery_validation.ports import Ports

STAGE: Literal["validation"] = "validation"


def validate(event: AnyEvent, at: datetime, ports: Ports) -> Sequence[AnyEvent]:
    """Every check and the verdict: release if all pass. `at` is when the broker took the answer in."""
    data = event.data
    assert isinstance(data, InteractionGenerated)
    use_case = ports.catalogue.pinned(event.tenant, "use_case", data.use_case, UseCaseBody)
    if use_case is None:
        raise Retry("the pinned version of the use case is not in the catalogue", code="validation_unavailable")
    try:
        checks = run_checks(read_evidence(data), use_case.thresholds)
    except UnknownThreshold as exc:
        raise Poison("the use case sets a threshold for a check that does not exist", code="validation_unavailable") from exc
    verdict: Verdict = "release" if all(check.passed for check in checks) else "withhold"
    ports.meter.judged(verdict, checks)
    validated = InteractionValidated(**dict(data), checks=checks, verdict=verdict)
    return [event.follow(validated, stage=STAGE, time=at)]


Handler = Callable[[AnyEvent, datetime, Ports], Sequence[AnyEvent]]
HANDLERS: dict[type[Payload], Handler] = {InteractionGenerated: validate}
