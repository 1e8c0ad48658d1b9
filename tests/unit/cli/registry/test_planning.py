"""A plan says what is new, changed, unchanged and left alone; applying it does that and nothing more, or nothing at all."""

from datetime import UTC, datetime

import pytest
from chancery_cli.errors import CommandFailed
from chancery_cli.registry.applying import Applying
from chancery_cli.registry.folder import Wanted
from chancery_cli.registry.naming import Thing
from chancery_cli.registry.planning import Plan, Planner, unmanaged
from chancery_contracts.canonical import body_sha256
from chancery_contracts.governance import Evidence, VersionDrafted

PROMPT, CASE, SHARED_PROMPT = Thing("a-bank", "prompt", "answer"), Thing("a-bank", "use_case", "faq"), Thing("shared", "prompt", "answer")
ONE, TWO = {"system": "Be brief.", "user": "{question}"}, {"system": "Be long.", "user": "{question}"}
USES = {"prompt": {"name": "answer"}, "model": {"name": "m", "version": 1}, "collections": ["faq"], "budget": "b",
        "redaction_policy": {"name": "standard", "version": 1}}  # fmt: skip
EVALUATION = Evidence(form="evaluation", title="FAQ run 7", passed=True)


def wanted(thing=PROMPT, body=ONE, **more):
    return Wanted(thing, body, "a.yaml, entry 1", **more)


def plan(registry, *entries, activate=False):
    items = Planner(registry.look, registry.body, activate).plan(entries)
    return Plan(id="plan-1", made_at=datetime.now(UTC), items=tuple(items), unmanaged=unmanaged(items, registry.things()))


def apply(registry, made):
    return list(Applying(registry, "why").apply(made, registry.look))


def only(made):
    (item,) = made.items
    return item


class TestNewAndChanged:
    def test_what_is_not_there_is_drafted_and_put_to_review(self, registry):
        item = only(plan(registry, wanted()))
        assert (item.action, item.version, item.steps, item.sequence) == ("new", 1, ("draft", "review"), 0)

    def test_another_body_is_the_next_version_with_its_difference(self, registry):
        registry.found(PROMPT, ONE)
        item = only(plan(registry, wanted(body=TWO)))
        assert (item.action, item.version, item.based_on) == ("changed", 2, 1)
        assert "-system: Be brief." in item.difference
        assert "+system: Be long." in item.difference

    def test_a_long_paragraph_differs_by_the_sentence(self, registry):
        long = "Answer from the passages alone, whatever anybody says. Name the passage after each sentence, like [1]. Be brief and kind."
        registry.found(PROMPT, {"system": long, "user": "u"})
        item = only(plan(registry, wanted(body={"system": long.replace("kind", "exact"), "user": "u"})))
        assert [line for line in item.difference if line[0] in "-+" and line[:3] not in {"---", "+++"}] == [
            "-  Be brief and kind.", "+  Be brief and exact.",
        ]  # fmt: skip

    def test_applied_it_is_in_review_and_the_next_plan_has_nothing_to_do(self, registry):
        registry.found(PROMPT, ONE)
        (done,) = apply(registry, plan(registry, wanted(body=TWO)))
        assert done.failed is None
        assert registry.look(PROMPT).newest().state == "in_review"
        again = plan(registry, wanted(body=TWO))
        assert (only(again).action, again.pending()) == ("unchanged", ())
        assert "in review; live is 1" in only(again).note

    def test_evidence_comes_before_the_review_and_once(self, registry):
        apply(registry, plan(registry, wanted(evidence=(EVALUATION,))))
        assert [path for _, path in registry.orders] == ["versions", "versions/1/evidence", "versions/1/review-requests"]
        assert plan(registry, wanted(evidence=(EVALUATION,))).pending() == ()

    def test_a_tenant_keeps_the_hashes_of_its_keys(self, registry):
        tenant = Thing("a-bank", "tenant", "a-bank")
        registry.found(tenant, {"display_name": "A", "api_key_sha256": ["c0ffee"]})
        assert plan(registry, wanted(tenant, {"display_name": "A"})).pending() == ()
        assert only(plan(registry, wanted(tenant, {"display_name": "B"}))).body["api_key_sha256"] == ["c0ffee"]


class TestReferences:
    def test_a_use_case_follows_its_prompt_to_the_version_that_is_planned(self, registry):
        registry.found(PROMPT, ONE)
        registry.found(CASE, USES | {"prompt": {"name": "answer", "version": 1}})
        assert plan(registry, wanted(), wanted(CASE, USES)).pending() == ()
        prompt, case = plan(registry, wanted(body=TWO), wanted(CASE, USES)).items
        assert (prompt.version, case.version, case.body["prompt"]) == (2, 2, {"name": "answer", "version": 2})

    def test_what_is_not_in_the_folder_is_the_live_one_of_the_tenant_or_shared(self, registry):
        registry.found(SHARED_PROMPT, ONE)
        apply(registry, plan(registry, wanted(SHARED_PROMPT, TWO)))
        assert only(plan(registry, wanted(CASE, USES))).body["prompt"]["version"] == 1, "2 is not live yet"

    def test_what_is_nowhere_is_said(self, registry):
        with pytest.raises(CommandFailed, match=r"a\.yaml, entry 1: there is no prompt answer"):
            plan(registry, wanted(CASE, USES))


class TestStatedVersions:
    def test_may_be_the_next_or_one_with_this_body(self, registry):
        registry.found(PROMPT, ONE)
        assert only(plan(registry, wanted(version=1))).action == "unchanged"
        assert only(plan(registry, wanted(body=TWO, version=2))).action == "changed"

    @pytest.mark.parametrize(("version", "words"), [(1, "versions never change: write 2"), (3, "next version of prompt/answer is 2")])
    def test_anything_else_is_refused(self, registry, version, words):
        registry.found(PROMPT, ONE)
        with pytest.raises(CommandFailed, match=words):
            plan(registry, wanted(body=TWO, version=version))


class TestReviewAndActivation:
    def test_a_draft_that_was_left_is_put_to_review(self, registry):
        registry.refuse = "review"
        (done,) = apply(registry, plan(registry, wanted()))
        assert (done.steps, done.failed) == (("draft",), "registry: Not yours")
        registry.refuse = None
        assert only(plan(registry, wanted())).steps == ("review",)

    def test_a_rejected_one_is_not(self, registry):
        apply(registry, plan(registry, wanted()))
        registry.reject(PROMPT, 1)
        item = only(plan(registry, wanted()))
        assert (item.steps, item.note[:8]) == ((), "rejected")

    def test_an_approved_one_goes_live_where_that_is_asked_for(self, registry):
        registry.found(PROMPT, ONE)
        apply(registry, plan(registry, wanted(body=TWO)))
        assert plan(registry, wanted(body=TWO), activate=True).pending() == (), "not approved yet"
        registry.approve(PROMPT, 2)
        assert "`--activate`" in only(plan(registry, wanted(body=TWO))).note
        apply(registry, plan(registry, wanted(body=TWO), activate=True))
        assert registry.look(PROMPT).live == 2
        assert plan(registry, wanted(body=TWO), activate=True).pending() == ()

    def test_back_to_a_body_that_was_live_needs_no_new_version(self, registry):
        registry.found(PROMPT, ONE)
        apply(registry, plan(registry, wanted(body=TWO)))
        registry.approve(PROMPT, 2)
        registry.activate(PROMPT, 2)
        assert only(plan(registry, wanted(), activate=True)).steps == ("activate",)

    def test_what_an_emergency_took_away_no_pipeline_puts_back(self, registry):
        registry.found(PROMPT, ONE)
        apply(registry, plan(registry, wanted(body=TWO)))
        registry.approve(PROMPT, 2)
        registry.activate(PROMPT, 2)
        registry.roll_back(PROMPT, 1, "wrong fees")
        item = only(plan(registry, wanted(body=TWO), activate=True))
        assert item.steps == ()
        assert "rolled back to version 1 (wrong fees)" in item.note


class TestUnmanagedAndMoved:
    def test_what_the_folder_has_not_is_named_and_left(self, registry):
        registry.found(PROMPT, ONE)
        registry.found(SHARED_PROMPT, ONE)
        assert plan(registry, wanted()).unmanaged == ("prompt/answer (shared)",)

    def test_nothing_is_applied_where_something_moved(self, registry):
        registry.found(PROMPT, ONE)
        made = plan(registry, wanted(CASE, USES), wanted(body=TWO))
        apply(registry, plan(registry, wanted(body={"system": "Else.", "user": "u"})))
        asked = len(registry.orders)
        with pytest.raises(CommandFailed, match=r"prompt/answer\. Nothing was applied: plan again"):
            apply(registry, made)
        assert len(registry.orders) == asked

    def test_what_moves_in_between_is_refused_and_the_rest_goes_on(self, registry):
        registry.found(PROMPT, ONE)
        made = plan(registry, wanted(body=TWO), wanted(CASE, USES))
        applying = Applying(registry).apply(made, registry.look)
        first = next(applying)
        registry.change(CASE, VersionDrafted, {"version": 1, "body": USES, "body_sha256": body_sha256(USES)})
        (second,) = applying
        assert (first.failed, second.failed, second.steps) == (None, "registry: Moved", ())

    def test_a_plan_is_the_same_after_a_file(self, registry):
        registry.found(PROMPT, ONE)
        made = plan(registry, wanted(body=TWO, evidence=(EVALUATION,)))
        assert Plan.model_validate_json(made.model_dump_json()) == made
