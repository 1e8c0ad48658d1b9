"""What the handlers need."""

from typing import Protocol

from chancery_gateway.domain.progress import Step


class ProgressBook(Protocol):
    """Steps of interactions."""

    async def add(self, step: Step) -> None:
        """Returns once the step is stored. Raises Retry."""
        ...
