"""What the handlers need from outside."""

from dataclasses import dataclass
from typing import Protocol

from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import Check, Verdict


class Meter(Protocol):
    """Counts verdicts and failed checks."""

    def judged(self, verdict: Verdict, checks: tuple[Check, ...]) -> None:
        """One answer."""


@dataclass(frozen=True)
class Ports:
    """Everything that a handler gets."""

    catalogue: Catalogue
    meter: Meter
