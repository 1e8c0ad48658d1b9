"""A request may raise its use case's sensitivity, and never lower it."""

import pytest
from chancery_contracts.base import Sensitivity
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import InteractionRedacted
from chancery_redaction.handlers import redact
from chancery_testing import builders
from unit.redaction.test_inputs import TYPES, ports_with


def catalogue(**more: object) -> Catalogue:
    use_case = {
        "prompt": {"name": "p", "version": 1}, "model": {"name": "m", "version": 1}, "collections": ["c"], "budget": "b",
        "redaction_policy": {"name": "policy", "version": 1},
    }  # fmt: skip
    found = Catalogue()
    found.apply(builders.registry_entry("redaction_policy", "policy", {"entity_types": TYPES}))
    found.apply(builders.registry_entry("prompt", "p", {"system": "", "user": "{question}"}))
    found.apply(builders.registry_entry("use_case", "letters", use_case | more))
    return found


@pytest.mark.parametrize(
    ("configured", "requested", "expected"),
    [
        (None, None, "internal"),
        (None, "public", "internal"),
        ("public", None, "public"),
        ("public", "restricted", "restricted"),
        ("confidential", "internal", "confidential"),
        ("restricted", "public", "restricted"),
    ],
)
async def test_the_stricter_counts(configured: Sensitivity | None, requested: Sensitivity | None, expected: Sensitivity) -> None:
    ports = ports_with(catalogue(**({} if configured is None else {"sensitivity": configured})))
    (out,) = await redact(builders.requested(use_case="letters", sensitivity=requested), ports)
    assert isinstance(out.data, InteractionRedacted) and out.data.sensitivity == expected
