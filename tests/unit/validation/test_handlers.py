"""Verdicts as events: the same event gives the same bytes."""

import pytest
from chancery_bus import Received
from chancery_contracts import AnyEvent, Poison, Retry, encode
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import Check, Verdict
from chancery_testing.builders import generated, registry_entry, usage
from chancery_validation.consumers import dispatcher
from chancery_validation.ports import Ports


class SilentMeter:
    def judged(self, verdict: Verdict, checks: tuple[Check, ...]) -> None:
        self.last = verdict


def ports(**more: object) -> Ports:
    pins = {"prompt": {"name": "p", "version": 1}, "model": {"name": "m", "version": 1}, "redaction_policy": {"name": "r", "version": 1}}
    catalogue = Catalogue()
    catalogue.apply(registry_entry("use_case", "bank-faq", {"collections": ["bank-faq"], "budget": "b", **pins, **more}))
    return Ports(catalogue, SilentMeter())


def received(event: AnyEvent, timestamp_ms: int = 1_793_000_000_123) -> Received:
    return Received(event, "chancery.interactions.generated", 0, 0, timestamp_ms)


async def test_a_good_answer_is_released() -> None:
    (event,) = await dispatcher(ports())(received(generated()))
    assert event.data.verdict == "release"  # type: ignore[attr-defined]


async def test_a_bad_answer_is_withheld() -> None:
    (event,) = await dispatcher(ports())(received(generated(citations=())))
    assert event.data.verdict == "withhold"  # type: ignore[attr-defined]


async def test_a_redelivery_gives_the_same_bytes() -> None:
    event = generated()
    first, second = [await dispatcher(ports())(received(event)) for _ in range(2)]
    assert encode(first[0]) == encode(second[0])


async def test_other_events_are_none_of_ours() -> None:
    assert await dispatcher(ports())(received(usage("r1"))) == ()


async def test_a_use_case_that_is_not_there_yet_is_waited_for() -> None:
    with pytest.raises(Retry):
        await dispatcher(Ports(Catalogue(), SilentMeter()))(received(generated()))


async def test_a_threshold_that_nothing_heeds_fails_closed() -> None:
    with pytest.raises(Poison):
        await dispatcher(ports(thresholds={"nonsense": 1}))(received(generated()))
