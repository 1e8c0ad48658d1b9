"""Errors of the bus: the client library's exceptions stop here."""

from chancery_contracts.failures import ChanceryError


class BusError(ChanceryError):
    """Base of the bus's own errors."""


class KafkaUnreachable(BusError):
    """Kafka did not answer at the bootstrap address. Check the address and that the broker is up."""


class DeliveryFailed(BusError):
    """A record was not acknowledged by Kafka in time. The stage stops; what was not acknowledged is done again after a restart."""


class DeadLetterLimitReached(BusError):
    """Too many dead letters in a minute: more likely a bad deploy than bad input. The stage stops; nothing is lost."""


class RecordGone(BusError):
    """The record is no longer (or was never) at that position: its retention is over."""


class StageFailed(BusError):
    """A handler failed in a way that it did not foresee. The stage stops, so that the trail has no hole."""
