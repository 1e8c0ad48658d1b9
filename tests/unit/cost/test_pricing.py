"""Money: integers, rounded up, never negative; an unknown price is an error and never 0."""

import pytest
from chancery_contracts.catalogue import ModelBody, ModelPrice
from chancery_contracts.interactions import PriceEvidence, TokenUsage
from chancery_cost.adapters.prices import GenaiPriceList
from chancery_cost.adapters.spend_windows import counted
from chancery_cost.domain.pricing import actual_micros, estimate_input_tokens, period_of, worst_case_micros
from chancery_cost.errors import PriceUnknown
from chancery_testing.builders import T0
from hypothesis import given
from hypothesis import strategies as st

tokens = st.integers(0, 2_000_000)
rates = st.integers(0, 100_000_000)


@given(tokens, tokens, rates, rates)
def test_the_worst_case_is_exact_and_rounded_up(inputs, outputs, input_rate, output_rate):
    price = PriceEvidence(source="test", currency="USD", input_micros_per_mtok=input_rate, output_micros_per_mtok=output_rate)
    micros = worst_case_micros(price, inputs, outputs)
    exact = inputs * input_rate + outputs * output_rate
    assert micros * 1_000_000 >= exact > (micros - 1) * 1_000_000


@given(tokens, tokens, tokens, rates, rates)
def test_what_is_used_within_the_estimate_never_costs_more_than_was_reserved(used, cached, output, input_rate, output_rate):
    price = PriceEvidence(source="test", currency="USD", input_micros_per_mtok=input_rate, output_micros_per_mtok=output_rate)
    usage = TokenUsage(input_uncached=used, input_cache_read=cached, output=output)
    assert actual_micros(price, usage) <= worst_case_micros(price, used + cached, output)


@given(st.text(max_size=500))
def test_the_estimate_is_above_four_characters_a_token(text):
    assert estimate_input_tokens([text]) >= len(text) / 4


class TestPriceList:
    def test_the_registrys_own_price_goes_first(self):
        own = ModelPrice(input_micros_per_mtok=1, output_micros_per_mtok=2)
        price = GenaiPriceList().price(ModelBody(provider="openai", provider_model="gpt-4o-mini", price=own), T0)
        assert (price.source, price.input_micros_per_mtok) == ("registry", 1)

    def test_a_listed_model_has_its_list_price_and_cached_tokens_cost_less(self):
        prices = GenaiPriceList()
        price = prices.price(ModelBody(provider="openai", provider_name="openai", provider_model="gpt-4o-mini", context_tokens=128_000), T0)
        assert (price.input_micros_per_mtok, price.output_micros_per_mtok) == (150_000, 600_000)
        plain = prices.cost_micros(price, TokenUsage(input_uncached=1_000_000))
        cached = prices.cost_micros(price, TokenUsage(input_cache_read=1_000_000))
        assert (plain, cached) == (150_000, 75_000)

    def test_an_unknown_model_has_no_price(self):
        with pytest.raises(PriceUnknown):
            GenaiPriceList().price(ModelBody(provider="openai", provider_name="openai", provider_model="no-such-model-1"), T0)


def test_periods_are_utc_days_months_or_all_time():
    assert [period_of(period, T0) for period in ("day", "month", "total")] == ["2026-11-02", "2026-11", "total"]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=60))
def test_a_window_counts_each_offset_once_however_often_it_comes(pieces):
    amounts = dict(pieces)
    cell: dict[str, int] = {}
    for start in range(0, 31, 7):  # redelivered stretches, each from a little before where the last one ended
        for offset in range(max(0, start - 3), min(31, start + 7)):
            cell = counted(cell, offset, amounts.get(offset, 0))
    assert cell["value"] == sum(amounts.values())
