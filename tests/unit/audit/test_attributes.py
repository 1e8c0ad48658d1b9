"""What an event tells of its interaction: what may be noted in clear, and what a leaf says for ever."""

import pytest
from chancery_audit.domain.attributes import MAX_MICROS, attribute_notes, person_name
from chancery_audit.domain.entries import leaf_fields
from chancery_bus import Received
from chancery_contracts import VersionRef
from chancery_contracts.interactions import Attempt, Finding
from chancery_ledger import leaf_bytes
from chancery_testing import builders
from chancery_testing.builders import MODEL, PASSAGE, TENANT

KEYS = {TENANT: b"k" * 32}
HOSTILE = ("x" * 2_000_000, "a\x00b", "jane.doe@bank.example", "Jane Doe", "", "\ud800", "name@3", "a\nb")


def told(*events):
    return sorted((kind, name) for _, kind, name, _ in attribute_notes(events, KEYS).attributes)


class TestWhatIsTold:
    @pytest.mark.parametrize(
        ("event", "names"),
        [
            (builders.requested(), [("actor", "tester")]),
            (builders.redacted(), []),
            (builders.grounded(), [("document", "faq-cards@1")]),
            (builders.authorised(), [("model", "extractive@1")]),
            (builders.generated(), [("prompt", "answer@1")]),
            (builders.validated(), [("verdict", "release")]),
            (builders.validated(verdict="escalate"), [("verdict", "escalate")]),
            (builders.refused(), [("refusal", "budget_exceeded")]),
            (builders.event(builders.completed_data()), [("outcome", "released")]),
            (builders.reviewed("r-7"), [("reviewer", "r-7")]),
            (builders.usage("r1"), []),
            (builders.document("a text"), []),
        ],
    )
    def test_each_event_tells_what_it_adds(self, event, names):
        assert told(event) == names

    def test_models_that_were_tried_count_as_well_as_the_one_that_was_authorised(self):
        failed = Attempt(ordinal=1, model=MODEL, outcome="timeout", latency_ms=9)
        answered = Attempt(ordinal=2, model=VersionRef(name="large", version=2), outcome="answered", latency_ms=3)
        assert told(builders.authorised()) == [("model", "extractive@1")]
        assert told(builders.generated(attempts=(failed, answered))) == [("model", "large@2"), ("prompt", "answer@1")]

    def test_what_belongs_to_no_interaction_tells_nothing(self):
        assert told(builders.requested(interaction=None)) == []

    def test_settled_costs_add_up_by_interaction_and_currency_and_others_do_not_count(self):
        events = [builders.settled(5, interaction="i"), builders.settled(7, interaction="i"), builders.settled(9, interaction="j")]
        events += [builders.settled(3, interaction="i", currency="EUR"), builders.settled(100, interaction="i", kind="reserve")]
        costs = attribute_notes(events, KEYS).costs
        assert costs == {(TENANT, "interaction/i", "USD"): 12, (TENANT, "interaction/i", "EUR"): 3, (TENANT, "interaction/j", "USD"): 9}


class TestHostileContents:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_what_is_no_opaque_id_is_not_noted(self, name):
        passage = PASSAGE.model_copy(update={"document_id": name})
        asked = builders.event(builders.requested().data.model_copy(update={"actor": name}))
        assert told(builders.reviewed(name), builders.grounded(passages=(passage,)), asked) == []

    def test_a_version_beyond_counting_and_an_amount_beyond_the_database_are_kept_out(self):
        assert told(builders.authorised(model=VersionRef(name="m", version=10**4000))) == []
        assert attribute_notes([builders.settled(10**40, interaction="i")], KEYS).costs == {(TENANT, "interaction/i", "USD"): MAX_MICROS}
        assert attribute_notes([builders.settled(1, currency="x" * 9)], KEYS).costs == {}

    @pytest.mark.parametrize("name", HOSTILE)
    def test_no_leaf_grows_with_them(self, name):
        data = builders.redacted().data.model_copy(update={"actor": name, "redaction_policy": VersionRef(name="p", version=10**4000)})
        fields = leaf_fields(Received(builders.event(data), "t", 0, 0, 0), "0" * 64)
        assert "actor" not in fields
        assert "redaction_policy" not in fields
        assert len(leaf_bytes(fields)) < 1_000

    def test_the_longest_names_there_are_make_a_small_leaf(self):
        longest = VersionRef(name="n" * 128, version=999_999_999)
        event = builders.validated(use_case=longest, prompt=longest, model=longest, redaction_policy=longest, actor="a" * 128)
        fields = leaf_fields(Received(event, "t", 0, 0, 0), "0" * 64)
        assert fields["prompt"] == f"{'n' * 128}@999999999"
        assert len(leaf_bytes(fields)) < 2_000


class TestPersons:
    FINDING = Finding(entity_type="PERSON", token="<PERSON_7K2M>", message_index=0, start=0, end=13, score=0.9)

    def test_a_person_is_a_hash_that_differs_by_place_tenant_and_token(self):
        places = ("matter:a", "matter:b", "conversation:a")
        names = {person_name(key, place, token) for key in (b"1" * 32, b"2" * 32) for place in places for token in ("<P_2222>", "<P_3333>")}
        assert len(names) == 12
        assert all(len(name) == 32 and "P_" not in name for name in names)

    def test_what_is_masked_is_noted_as_a_hash_of_its_token_where_that_is_stable(self):
        event = builders.redacted(findings=(self.FINDING, self.FINDING), matter="m-1", conversation="c-1")
        assert told(event) == [("person", person_name(KEYS[TENANT], "matter:m-1", "<PERSON_7K2M>"))]

    def test_later_stages_carry_the_findings_along_and_tell_no_person_again(self):
        assert [kind for kind, _ in told(builders.validated(findings=(self.FINDING,)))] == ["verdict"]


class TestLeaf:
    def test_it_says_who_asked_and_which_versions_the_event_pins(self):
        fields = leaf_fields(Received(builders.generated(), "t", 0, 0, 0), "0" * 64)
        said = {name: fields.get(name) for name in ("v", "actor", "use_case", "prompt", "model", "redaction_policy")}
        pinned = {"use_case": "bank-faq@1", "prompt": "answer@1", "model": "extractive@1", "redaction_policy": "default@1"}
        assert said == {"v": 2, "actor": "tester"} | pinned

    def test_a_use_case_without_a_version_is_no_pin(self):
        fields = leaf_fields(Received(builders.requested(), "t", 0, 0, 0), "0" * 64)
        assert fields["actor"] == "tester"
        assert "use_case" not in fields
