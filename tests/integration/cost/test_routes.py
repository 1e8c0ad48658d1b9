"""Money for several models: set aside for the dearest, or two at once, and settled by each model's own price."""

from typing import Any

import pytest
from chancery_contracts import VersionRef
from chancery_contracts.areas import CallUsage
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.failures import Retry
from chancery_contracts.interactions import TokenUsage
from chancery_testing import builders
from integration.cost.desk import REF, Cost

RATES = {"m": 1_000_000, "cheap": 500_000, "dear": 3_000_000}


def ref(name: str) -> VersionRef:
    return VersionRef(name=name, version=1)


def routed(budget: str, routing: dict[str, Any], **models: dict[str, Any]) -> Catalogue:
    """Use case `u` on `m`, and `cheap` and `dear` beside it."""
    made = Catalogue()
    for name, rate in RATES.items():
        price = {"input_micros_per_mtok": rate, "output_micros_per_mtok": rate}
        body = {"provider": "openai", "provider_model": "no-such-model", "max_output_tokens": 100, "price": price}
        made.apply(builders.registry_entry("model", name, body | models.get(name, {})))
    case = {"prompt": REF, "model": REF, "collections": ["c"], "budget": budget, "redaction_policy": REF, "max_output_tokens": 100}
    made.apply(builders.registry_entry("use_case", "u", case | {"routing": routing}))
    made.apply(builders.registry_entry("prompt", "m", {"system": "", "user": "{question}"}))
    made.apply(builders.registry_entry("budget", budget, {"limit_micros": 10**9}))
    return made


def fallbacks(*names: str) -> dict[str, Any]:
    return {"fallbacks": [{"name": name, "version": 1} for name in names]}


class TestReserving:
    async def test_the_dearest_of_those_that_may_answer(self, cost: Cost) -> None:
        cost.catalogue = routed("alone", {})
        alone = (await cost.authorised()).data.reservation
        cost.catalogue = routed("dearest", fallbacks("cheap", "dear"))
        reservation = (await cost.authorised()).data.reservation
        assert reservation.amount_micros == 3 * alone.amount_micros
        worst = {quote.model.name: quote.worst_micros for quote in reservation.quotes}
        assert worst == {"m": alone.amount_micros, "cheap": alone.amount_micros // 2, "dear": 3 * alone.amount_micros}

    async def test_two_where_two_may_be_asked_at_once(self, cost: Cost) -> None:
        cost.catalogue = routed("hedged", fallbacks("cheap", "dear") | {"hedge_after_s": 1.0})
        reservation = (await cost.authorised()).data.reservation
        worst = sorted(quote.worst_micros for quote in reservation.quotes)
        assert reservation.amount_micros == worst[-1] + worst[-2]

    @pytest.mark.parametrize(
        "model", [{"price": None}, {"price": {"currency": "CHF", "input_micros_per_mtok": 1, "output_micros_per_mtok": 1}}]
    )
    async def test_a_fallback_without_a_price_in_this_currency_is_left_out(self, cost: Cost, model: dict[str, Any]) -> None:
        cost.catalogue = routed("left-out", fallbacks("dear"), dear=model)
        assert [quote.model.name for quote in (await cost.authorised()).data.reservation.quotes] == ["m"]

    async def test_a_fallback_that_has_not_arrived_is_waited_for_and_then_left_out(self, cost: Cost) -> None:
        cost.catalogue = routed("coming", fallbacks("unheard-of"))
        event = cost.grounded()
        with pytest.raises(Retry):
            await cost.reserve(event)
        cost.clock.advance(seconds=11)
        [authorised, _] = await cost.reserve(event)
        assert [quote.model.name for quote in authorised.data.reservation.quotes] == ["m"]

    async def test_a_long_prompt_is_reserved_for(self, cost: Cost) -> None:
        cost.catalogue = routed("short", {})
        short = (await cost.authorised()).data.reservation.amount_micros
        cost.catalogue = routed("long", {})
        cost.catalogue.apply(builders.registry_entry("prompt", "m", {"system": "x" * 30_000, "user": ""}, tenant="meridian-bank"))
        assert (await cost.authorised()).data.reservation.amount_micros - short >= 9_990


class TestSettling:
    async def test_each_call_by_the_price_of_its_own_model(self, cost: Cost) -> None:
        cost.catalogue = routed("mixed", fallbacks("cheap", "dear"))
        used = TokenUsage(input_uncached=10, output=1)
        calls = tuple(CallUsage(ordinal=number, model=ref(name), usage=used) for number, name in enumerate(("m", "dear", "cheap"), start=1))
        total = TokenUsage(input_uncached=30, output=3)
        [posted] = await cost.settle(cost.usage(await cost.authorised(), model=ref("cheap"), usage=total, calls=calls))
        assert posted.data.amount_micros == 11 + 33 + 6
        assert posted.data.price_source == "registry"

    async def test_a_call_without_a_price_costs_all_that_was_reserved_at_least(self, cost: Cost) -> None:
        cost.catalogue = routed("unpriced", fallbacks("dear"), dear={"price": None})
        used = TokenUsage(input_uncached=10)
        calls = tuple(CallUsage(ordinal=number, model=ref(name), usage=used) for number, name in enumerate(("m", "dear"), start=1))
        authorised = await cost.authorised()
        [posted] = await cost.settle(cost.usage(authorised, model=ref("dear"), usage=TokenUsage(input_uncached=20), calls=calls))
        assert posted.data.amount_micros == authorised.data.reservation.amount_micros
        assert posted.data.price_source == "reservation"

    async def test_calls_that_do_not_add_up_are_not_believed(self, cost: Cost) -> None:
        cost.catalogue = routed("liar", {})
        calls = (CallUsage(ordinal=1, model=ref("m"), usage=TokenUsage(output=1)),)
        [posted] = await cost.settle(cost.usage(await cost.authorised(), usage=TokenUsage(output=50), calls=calls))
        assert posted.data.amount_micros == 50
