"""Which models may answer, and why the others may not."""

from datetime import date
from typing import Any

import pytest
from chancery_contracts.base import SENSITIVITIES, Sensitivity, cleared
from chancery_contracts.bodies import ModelBody
from chancery_generation.domain.routing import Option, Terms, decide, needs_attestation, obstacle, requester_message
from hypothesis import given
from hypothesis import strategies as st
from unit.generation.desk import ref

TODAY = date(2026, 11, 2)
NITRO = {"url": "https://enclave.test/attest", "pcrs": {"0": ["ab"]}}


def body(**more: Any) -> ModelBody:
    return ModelBody.model_validate({"provider": "openai", "provider_model": "m", "clearance": "confidential"} | more)


def option(name: str = "m", model: ModelBody | None = None, **known: Any) -> Option:
    return Option(ref(name), model or body(), **known)


def terms(sensitivity: Sensitivity = "internal", **more: Any) -> Terms:
    return Terms(sensitivity, TODAY, **more)


def order(options: list[Option], at: Terms) -> list[str]:
    return [one.ref.name for one in decide(options, at).chosen]


class TestObstacles:
    @pytest.mark.parametrize(
        ("candidate", "demand", "kind", "words"),
        [
            (option(), terms(), None, ""),
            (Option(ref("m"), None), terms(), "unknown", "not in the catalogue"),
            (option(usable=False), terms(), "retired", "retired"),
            (option(model=body(card={"deprecation_date": "2026-11-01"})), terms(), "deprecated", "2026-11-01"),
            (option(model=body(card={"deprecation_date": "2026-11-02"})), terms(), None, ""),
            (option(model=body(card={"model_type": "embedding"})), terms(), "kind", "embedding"),
            (option(adapted=False), terms(), "adapter", "provider openai"),
            (option(model=body(clearance="public")), terms("internal"), "clearance", "cleared for public text, and this is internal"),
            (option(), terms("restricted"), "clearance", "this is restricted"),
            (option(model=body(clearance="restricted")), terms("restricted"), "attestation", "attested enclaves"),
            (option(model=body(clearance="restricted", attestation=NITRO)), terms("restricted"), "attestation", "can verify"),
            (option(model=body(attestation=NITRO)), terms(), "attestation", "can verify"),
            (option(model=body(attestation=NITRO)), terms(attesting=True), None, ""),
            (option(model=body(clearance="restricted", attestation=NITRO)), terms("restricted", attesting=True), None, ""),
            (option(model=body(clearance="restricted", region="local")), terms("restricted"), None, ""),
            (option(model=body(clearance="restricted", provider="extractive")), terms("restricted"), None, ""),
            (option(model=body(provider="extractive")), terms("restricted"), "clearance", "cleared for confidential"),
            (option(model=body(region="us-east-1")), terms(regions=("eu-west-2",)), "region", "us-east-1"),
            (option(), terms(regions=("eu-west-2",)), "region", "no stated region"),
            (option(model=body(region="local")), terms(regions=("eu-west-2",)), "region", "local"),
            (option(model=body(region="eu-west-2")), terms(regions=("eu-west-2", "local")), None, ""),
            (option(model=body(provider="extractive")), terms(regions=("eu-west-2",)), None, ""),
            (option(reserved=False), terms(), "reservation", "no money"),
        ],
    )
    def test_each_rule(self, candidate: Option, demand: Terms, kind: str | None, words: str) -> None:
        found = obstacle(candidate, demand)
        assert (found and found[0]) == kind
        assert found is None or words in found[1]

    @given(
        st.sampled_from(SENSITIVITIES), st.sampled_from(SENSITIVITIES), st.sampled_from(["extractive", "openai"]),
        st.sampled_from([None, "local", "eu-west-2"]), st.booleans(), st.booleans(),
    )  # fmt: skip
    def test_no_text_ever_goes_to_a_model_that_may_not_see_it(
        self, clearance: Sensitivity, text: Sensitivity, provider: str, region: str | None, policy: bool, attesting: bool
    ) -> None:
        model = body(clearance=clearance, provider=provider, region=region, attestation=NITRO if policy else None)
        route = decide([option(model=model)], terms(text, attesting=attesting))
        for chosen in route.chosen:
            assert cleared(chosen.model.clearance, text)
            at_home = chosen.model.provider == "extractive" or chosen.model.region == "local"
            assert text != "restricted" or at_home or (chosen.attest and chosen.model.attestation is not None and attesting)


class TestOrder:
    OPTIONS = (
        option("first", quote_micros=30, latency_s=2.0),
        option("second", quote_micros=10, latency_s=3.0),
        option("third", quote_micros=20, latency_s=1.0),
    )

    @pytest.mark.parametrize(
        ("prefer", "expected"),
        [
            ("order", ["first", "second", "third"]),
            ("price", ["second", "third", "first"]),
            ("latency", ["third", "first", "second"]),
        ],
    )
    def test_by_preference(self, prefer: str, expected: list[str]) -> None:
        assert order(list(self.OPTIONS), terms(prefer=prefer)) == expected

    def test_a_model_without_a_quote_goes_last_and_an_unmeasured_one_first(self) -> None:
        options = [*self.OPTIONS, option("new")]
        assert order(options, terms(prefer="price"))[-1] == "new"
        assert order(options, terms(prefer="latency"))[0] == "new"


class TestHealth:
    def test_an_open_circuit_passes_a_model_over(self) -> None:
        route = decide([option("a", circuit_open=True), option("b")], terms())
        assert [one.ref.name for one in route.chosen] == ["b"]
        assert [(one.model.name, one.passed_over) for one in route.decision.candidates] == [("b", None), ("a", "its circuit is open")]

    def test_where_all_are_open_none_is_passed_over(self) -> None:
        assert order([option("a", circuit_open=True), option("b", circuit_open=True)], terms()) == ["a", "b"]

    def test_a_model_that_may_not_answer_does_not_count_as_another(self) -> None:
        assert order([option("a", circuit_open=True), option("b", usable=False)], terms()) == ["a"]


class TestRecord:
    def test_every_model_is_on_record_once_with_its_reason(self) -> None:
        route = decide([option("a", usable=False), option("b"), Option(ref("c"), None), option("d", circuit_open=True)], terms("internal"))
        told = {one.model.name: one.passed_over for one in route.decision.candidates}
        assert told == {"a": "it is retired", "b": None, "c": "it is not in the catalogue", "d": "its circuit is open"}
        assert sorted(route.obstacles) == ["circuit", "retired", "unknown"]

    def test_what_turned_out_later_is_added(self) -> None:
        route = decide([option("a"), option("b")], terms())
        assert [one.passed_over for one in route.noting({ref("a"): "it is not there"}).candidates] == ["it is not there", None]

    @pytest.mark.parametrize(
        ("options", "demand", "words"),
        [
            ([option()], terms("restricted"), "No model is cleared for restricted text"),
            ([option(model=body(region="x"))], terms(regions=("y",)), "No model runs in a region"),
            ([option(usable=False)], terms(), "No model may answer"),
        ],
    )
    def test_what_the_requester_is_told(self, options: list[Option], demand: Terms, words: str) -> None:
        route = decide(options, demand)
        assert not route.chosen and words in requester_message(route)

    def test_a_local_model_needs_no_attestation(self) -> None:
        assert needs_attestation(body(), "restricted")
        assert not needs_attestation(body(region="local"), "restricted")
        assert not needs_attestation(body(), "confidential")
