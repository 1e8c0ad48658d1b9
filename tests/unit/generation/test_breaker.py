"""A circuit opens when an endpoint fails, and closes when it has proved itself."""

import pytest
from chancery_contracts.bodies import ModelBody
from chancery_generation.domain.breaker import Breaker, BreakerRules
from chancery_generation.domain.completion import AttemptOutcome
from chancery_generation.domain.standing import FORGOTTEN_AFTER_S, Standings
from hypothesis import given
from hypothesis import strategies as st

OUTCOMES: tuple[AttemptOutcome, ...] = ("answered", "timeout", "rate_limited", "rejected", "unknown")
RULES = BreakerRules(window=10, window_s=30, least_calls=6, share=0.5, in_a_row=4, open_s=10, probes=2)


def after(*outcomes: AttemptOutcome, now_s: float = 0.0) -> Breaker:
    breaker = Breaker(RULES)
    for outcome in outcomes:
        call(breaker, outcome, now_s)
    return breaker


def call(breaker: Breaker, outcome: AttemptOutcome, now_s: float) -> None:
    ticket = breaker.enter(now_s)
    assert ticket is not None
    breaker.leave(ticket, outcome, now_s)


class TestOpening:
    @pytest.mark.parametrize("outcome", ["timeout", "server_error", "unreachable", "malformed"])
    def test_failures_in_a_row(self, outcome: AttemptOutcome) -> None:
        assert after(*[outcome] * 3).state(0) == "closed"
        assert after(*[outcome] * 4).state(0) == "open"

    def test_an_answer_between_them_starts_the_count_anew(self) -> None:
        assert after("timeout", "timeout", "timeout", "answered", "timeout").state(0) == "closed"

    def test_a_share_of_the_last_calls(self) -> None:
        assert after("answered", "timeout", "answered", "timeout", "answered", "timeout").state(0) == "open"

    @pytest.mark.parametrize("outcome", ["rejected", "answered", "unknown"])
    def test_what_is_not_the_endpoints_fault_never_opens_it(self, outcome: AttemptOutcome) -> None:
        assert after(*[outcome] * 100).state(0) == "closed"

    def test_an_endpoint_that_says_when_to_come_back_is_not_broken_until_it_says_so_to_most(self) -> None:
        assert after(*["rate_limited"] * 5).state(0) == "closed"
        assert after(*["rate_limited"] * 6).state(0) == "open"

    def test_what_is_long_ago_does_not_count(self) -> None:
        breaker = after("answered", "answered", "timeout", "timeout", "answered", now_s=0)
        call(breaker, "timeout", 31)
        assert breaker.state(31) == "closed"


class TestHalfOpen:
    def test_nothing_is_let_through_before_its_time(self) -> None:
        breaker = after(*["timeout"] * 4)
        assert breaker.enter(9.9) is None and breaker.wait_s(4) == 6

    def test_so_many_probes_and_no_more(self) -> None:
        breaker = after(*["timeout"] * 4)
        first, second = breaker.enter(10), breaker.enter(10)
        assert first and second and breaker.enter(10) is None
        breaker.leave(first, "unknown", 11)
        assert breaker.enter(11) is not None and breaker.enter(11) is None

    def test_it_closes_once_all_probes_succeeded(self) -> None:
        breaker = after(*["timeout"] * 4)
        call(breaker, "answered", 10)
        assert breaker.state(10) == "half_open"
        call(breaker, "rejected", 10)
        assert breaker.state(10) == "closed"

    def test_it_opens_anew_when_one_fails(self) -> None:
        breaker = after(*["timeout"] * 4)
        call(breaker, "answered", 10)
        call(breaker, "rate_limited", 11)
        assert breaker.state(20.9) == "open" and breaker.state(21) == "half_open"

    def test_a_call_from_before_it_opened_is_no_probe(self) -> None:
        breaker = Breaker(RULES)
        late = breaker.enter(0)
        assert late is not None
        for _ in range(4):
            call(breaker, "timeout", 0)
        probe = breaker.enter(10)
        breaker.leave(late, "timeout", 10)
        assert breaker.state(10) == "half_open" and probe is not None

    @given(
        st.lists(st.tuples(st.sampled_from(["answered", "timeout", "rate_limited", "rejected", "unknown"]), st.floats(0, 5)), max_size=80)
    )
    def test_probes_never_leak(self, calls: list[tuple[AttemptOutcome, float]]) -> None:
        breaker, now_s = Breaker(RULES), 0.0
        for outcome, pause_s in calls:
            now_s += pause_s
            ticket = breaker.enter(now_s)
            if ticket is not None:
                breaker.leave(ticket, outcome, now_s)
        assert breaker.admits(now_s + RULES.open_s)


class TestStanding:
    MODEL = ModelBody(provider="openai", provider_model="m", base_url="http://a")

    def test_versions_of_one_endpoint_share_it_and_others_do_not(self) -> None:
        standings = Standings()
        assert standings.of(self.MODEL) is standings.of(self.MODEL.model_copy(update={"timeout_s": 1}))
        assert standings.of(self.MODEL) is not standings.of(self.MODEL.model_copy(update={"base_url": "http://b"}))

    def test_latency_follows_the_newest_and_is_forgotten(self) -> None:
        standing = Standings().of(self.MODEL)
        assert standing.latency_s(0) is None
        for took_s in (1.0, 2.0):
            ticket = standing.breaker.enter(0)
            assert ticket is not None
            standing.ended(ticket, "answered", 0, took_s)
        assert standing.latency_s(0) == pytest.approx(1.2)
        assert standing.latency_s(FORGOTTEN_AFTER_S) is None

    def test_a_quick_error_is_not_a_quick_model(self) -> None:
        standing = Standings().of(self.MODEL)
        ticket = standing.breaker.enter(0)
        assert ticket is not None
        standing.ended(ticket, "server_error", 0, 0.001)
        assert standing.latency_s(0) is None
