"""Money: integers, rounded up, never negative; an unknown price is an error and never 0."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from math import ceil

import pytest
from chancery_contracts.bodies import ModelBody, ModelPrice
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import PriceEvidence, TokenUsage
from chancery_cost.adapters.price_book import PriceBook
from chancery_cost.adapters.prices import GenaiPriceList
from chancery_cost.domain.pricing import Size, estimate_input_tokens, own_charge, own_quote, period_of, together, worst_case_micros
from chancery_cost.errors import PriceUnknown
from chancery_testing.builders import T0
from chancery_testing.governing import Pen
from hypothesis import given, settings
from hypothesis import strategies as st

tokens = st.integers(0, 2_000_000)
rates = st.integers(0, 100_000_000)
LISTED = [
    ("openai", "gpt-4o-mini"),  # cached tokens cost less
    ("anthropic", "claude-sonnet-4-5"),  # written tokens cost more; a tier beyond 200,000 tokens
    ("google", "gemini-2.5-pro"),  # output too is dearer beyond the tier
    ("perplexity", "sonar"),  # a price for each request
    ("deepseek", "deepseek-chat"),  # prices by the hour
]
LATER = T0 + timedelta(days=1)
prices = GenaiPriceList()


def listed(provider: str, name: str) -> ModelBody:
    return ModelBody(provider="openai", provider_name=provider, provider_model=name)


@given(tokens, tokens, rates, rates)
def test_the_worst_case_is_exact_and_rounded_up(inputs, outputs, input_rate, output_rate):
    price = PriceEvidence(source="test", currency="USD", input_micros_per_mtok=input_rate, output_micros_per_mtok=output_rate)
    micros = worst_case_micros(price, inputs, outputs)
    exact = inputs * input_rate + outputs * output_rate
    assert micros * 1_000_000 >= exact > (micros - 1) * 1_000_000


@st.composite
def own_prices(draw):
    """With and without prices for single buckets."""
    single = {name: draw(st.none() | rates) for name in ("cache_read", "cache_write", "reasoning")}
    return ModelPrice(
        input_micros_per_mtok=draw(rates), output_micros_per_mtok=draw(rates),
        **{f"{name}_micros_per_mtok": rate for name, rate in single.items()},
    )  # fmt: skip


@st.composite
def usages(draw, most=2_000_000):
    return TokenUsage(**{name: draw(st.integers(0, most)) for name in TokenUsage.model_fields})


def size_of(usage):
    inputs = usage.input_uncached + usage.input_cache_read + usage.input_cache_write
    return Size(inputs, usage.output + usage.output_reasoning)


class TestOwnPrices:
    @given(own_prices(), usages())
    def test_what_is_used_within_the_size_never_costs_more_than_was_reserved(self, price, usage):
        assert 0 <= own_charge(price, "test", usage).micros <= own_quote(price, "test", size_of(usage)).worst_micros

    @given(own_prices(), usages())
    def test_the_charge_is_exact_and_rounded_up_once(self, price, usage):
        inputs, outputs = price.input_micros_per_mtok, price.output_micros_per_mtok
        rates_of = {
            "input_uncached": inputs, "output": outputs, "input_cache_read": price.cache_read_micros_per_mtok,
            "input_cache_write": price.cache_write_micros_per_mtok, "output_reasoning": price.reasoning_micros_per_mtok,
        }  # fmt: skip
        exact = Fraction(0)
        for name, rate in rates_of.items():
            kind = inputs if name.startswith("input") else outputs
            exact += Fraction(getattr(usage, name) * (kind if rate is None else rate), 1_000_000)
        assert own_charge(price, "test", usage).micros == ceil(exact)

    def test_a_bucket_of_its_own_costs_its_own(self):
        price = ModelPrice(input_micros_per_mtok=10**6, output_micros_per_mtok=2 * 10**6, cache_read_micros_per_mtok=0)
        assert own_charge(price, "test", TokenUsage(input_cache_read=7, input_cache_write=3, output_reasoning=1)).micros == 5

    @given(st.lists(st.tuples(own_prices(), usages(10_000)), min_size=1, max_size=5), st.data())
    def test_whichever_models_answer_no_more_is_owed_than_is_set_aside(self, models, data):
        at_once = data.draw(st.sampled_from([1, 2]))
        quotes = [own_quote(price, "test", size_of(usage)) for price, usage in models]
        asked = data.draw(st.lists(st.sampled_from(range(len(models))), unique=True, max_size=at_once))
        owed = sum(own_charge(*models[number][:1], "test", models[number][1]).micros for number in asked)
        assert owed <= together(quotes, at_once) <= sum(quote.worst_micros for quote in quotes)


@given(st.lists(st.text(max_size=200), max_size=5))
def test_the_estimate_is_a_third_of_the_bytes_and_the_prompts_allowance(texts):
    size = sum(len(text.encode()) for text in texts)
    assert 3 * (estimate_input_tokens(texts) - 1_000) - size in (0, 1, 2)


ENTRY = {"currency": "EUR", "input_micros_per_mtok": 1_000_000, "output_micros_per_mtok": 2_000_000, "source": "contract 7"}


class TestPriceBook:
    MODEL = ModelBody(provider="openai", provider_name="openai", provider_model="gpt/4o-mini")

    def book(self):
        catalogue = Catalogue()
        pen = Pen("price", "openai.gpt.4o-mini", "meridian-bank")
        for change in (pen.draft(ENTRY), pen.ask(), pen.review(), pen.activate()):
            catalogue.apply(change)
        return PriceBook(catalogue, prices)

    def test_the_models_own_price_goes_first(self):
        own = ModelPrice(currency="CHF", input_micros_per_mtok=1, output_micros_per_mtok=2)
        model = self.MODEL.model_copy(update={"price": own})
        quote = self.book().quote("meridian-bank", model, Size(1_000_000, 1_000_000), T0)
        assert (quote.price.source, quote.price.currency, quote.worst_micros) == ("registry", "CHF", 3)

    def test_then_the_tenants_price_entry(self):
        quote = self.book().quote("meridian-bank", self.MODEL, Size(10, 10), LATER)
        assert (quote.price.source, quote.price.currency, quote.worst_micros) == ("registry: price openai.gpt.4o-mini v1", "EUR", 30)
        assert self.book().charge("meridian-bank", self.MODEL, TokenUsage(output=1), LATER).micros == 2

    def test_which_is_nobody_elses_and_not_yesterdays(self):
        for tenant, at in (("other-bank", LATER), ("meridian-bank", T0 - timedelta(days=300))):
            with pytest.raises(PriceUnknown):
                self.book().quote(tenant, self.MODEL, Size(10, 10), at)

    def test_a_price_of_nothing_counts_only_where_the_registry_says_so(self):
        free = ModelPrice(input_micros_per_mtok=0, output_micros_per_mtok=0)
        model = ModelBody(provider="extractive", provider_model="extractive", price=free)
        assert PriceBook(Catalogue(), prices).quote("t", model, Size(1, 1), T0).worst_micros == 0


class TestPriceList:
    def test_a_listed_model_has_its_list_price_and_cached_tokens_cost_less(self):
        model = listed("openai", "gpt-4o-mini")
        price = prices.quote(model, Size(5_000, 500), T0).price
        assert (price.input_micros_per_mtok, price.output_micros_per_mtok) == (150_000, 600_000)
        assert price.source.startswith("genai-prices ")
        plain = prices.charge(model, TokenUsage(input_uncached=1_000_000), T0)
        cached = prices.charge(model, TokenUsage(input_cache_read=1_000_000), T0)
        assert (plain.micros, cached.micros) == (150_000, 75_000)

    def test_a_long_input_reserves_by_the_dearer_tier_of_input_and_output(self):
        model = listed("google", "gemini-2.5-pro")
        assert prices.quote(model, Size(200_000, 1_000), T0).worst_micros == 250_000 + 10_000
        assert prices.quote(model, Size(200_001, 1_000), T0).worst_micros == 500_003 + 15_000

    def test_tokens_that_are_written_to_a_cache_are_reserved_for(self):
        assert prices.quote(listed("anthropic", "claude-sonnet-4-5"), Size(1_000, 1), T0).worst_micros == 3_750 + 15

    def test_the_hour_of_the_reservation_is_the_hour_of_the_charge(self):
        model = listed("deepseek", "deepseek-chat")
        hours = {prices.charge(model, TokenUsage(output=10**6), datetime(2025, 3, 1, hour, tzinfo=UTC)).micros for hour in range(24)}
        assert len(hours) == 2

    @settings(deadline=None)
    @given(st.sampled_from(LISTED), *[st.integers(0, 150_000)] * 5, st.integers(0, 23))
    def test_nothing_within_the_size_is_dearer_than_the_quote(self, name, plain, read, write, output, reasoning, hour):
        at = T0.replace(hour=hour)
        usage = TokenUsage(
            input_uncached=plain, input_cache_read=read, input_cache_write=write, output=output, output_reasoning=reasoning
        )  # fmt: skip
        size = Size(max(1, plain + read + write), max(1, output + reasoning))
        assert 0 <= prices.charge(listed(*name), usage, at).micros <= prices.quote(listed(*name), size, at).worst_micros

    @pytest.mark.parametrize(
        "model",
        [
            listed("openai", "no-such-model-1"),
            listed("no-such-provider", "gpt-4o"),
            listed("local", "extractive"),
            listed("openai", "text-embedding-3-small"),  # no price for output
            listed("github-copilot", "gpt-4o"),  # on the list, without any price
            listed("openai", ""),
        ],
    )
    def test_a_model_without_a_price_is_unknown_and_not_free(self, model):
        with pytest.raises(PriceUnknown):
            prices.quote(model, Size(1_000, 10), T0)
        with pytest.raises(PriceUnknown):
            prices.charge(model, TokenUsage(output=10), T0)

    def test_an_absurd_count_is_an_absurd_charge_and_not_a_fault(self):
        assert prices.charge(listed("openai", "gpt-4o-mini"), TokenUsage(output=10**40), T0).micros > 10**11


def test_periods_are_utc_days_months_or_all_time():
    assert [period_of(period, T0) for period in ("day", "month", "total")] == ["2026-11-02", "2026-11", "total"]
    eve = datetime(2026, 12, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert [period_of(period, eve) for period in ("day", "month")] == ["2026-11-30", "2026-11"]
