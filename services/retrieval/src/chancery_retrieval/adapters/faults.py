"""A database that does not answer means, here, that documents cannot be searched."""

from collections.abc import Iterator
from contextlib import contextmanager

from chancery_contracts.failures import Retry


@contextmanager
def as_retrieval_faults() -> Iterator[None]:
    """Gives storage's faults the code that the requester is told."""
    try:
        yield
    except Retry as fault:
        raise Retry(fault.reason, code="retrieval_unavailable") from fault
