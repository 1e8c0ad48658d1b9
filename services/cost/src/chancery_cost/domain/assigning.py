"""Under which variant of an experiment a request runs, and which model that asks for."""

from datetime import datetime

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import UseCaseBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Event
from chancery_contracts.interactions import Assignment, InteractionGrounded


def assigned(
    event: Event[InteractionGrounded], use_case: UseCaseBody, catalogue: Catalogue, at: datetime
) -> tuple[VersionRef, Assignment | None]:
    """The model to reserve for, and the assignment; the use case's own model and none where no experiment runs."""
    running = catalogue.running(event.tenant, event.data.use_case.name, at)
    found = running and running.assign(event.conversation or event.interaction or event.id)
    if not found:
        return use_case.model, None
    assignment, variant = found
    return variant.model or use_case.model, assignment
