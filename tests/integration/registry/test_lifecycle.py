"""From a draft to live and back again, over HTTP, two instances taking turns."""

import pytest

PROMPT = {"system": "Answer.", "user": "{question}"}
JSON = {"Content-Type": "application/json"}
MODEL = {"provider": "extractive", "provider_model": "m-1"}


class TestAVersionsWay:
    async def test_it_is_drafted_reviewed_by_another_and_live(self, desk):
        path = "/prompt/answer"
        drafted = await desk.done(
            "POST", f"{path}/versions", json={"body": PROMPT, "comment": "first", "origin": "prompts/answer.yaml@abc"}
        )
        assert (drafted["version"], drafted["sequence"], drafted["type"]) == (1, 1, "chancery.registry.version-drafted.v1")
        await desk.done("POST", f"{path}/versions/1/review-requests", json={}, instance=1)
        await desk.done("POST", f"{path}/versions/1/reviews", "bob", json={"decision": "approve"})
        activated = await desk.done("POST", f"{path}/versions/1/activations", "ops", json={"reason": "go"}, instance=1)
        whole = await desk.done("GET", path)
        assert (whole["live"], whole["sequence"]) == ({"production": 1}, 4)
        (version,) = whole["versions"]
        assert version["approvals"] == {"prompt_owner": "bob"}
        assert (version["state"], version["states"]["test"], version["author"], version["origin"]) == (
            "live", "approved", "ann", "prompts/answer.yaml@abc",
        )  # fmt: skip
        assert [one["sequence"] for one in whole["history"]] == [1, 2, 3, 4]
        live = await desk.done("GET", f"{path}/live", params={"at": activated["effective_from"]})
        assert (live["version"]["version"], live["version"]["body"], live["since"]) == (1, PROMPT, activated["effective_from"])
        early = await desk.call("GET", f"{path}/live", params={"at": "2026-01-01T00:00:00Z"})
        assert early.status_code == 404

    async def test_the_same_body_again_is_the_same_version(self, desk):
        first = await desk.call("POST", "/prompt/answer/versions", json={"body": PROMPT})
        second = await desk.call("POST", "/prompt/answer/versions", json={"body": dict(reversed(PROMPT.items()))}, instance=1)
        assert (first.status_code, second.status_code) == (201, 200)
        assert (second.json()["version"], second.json()["repeated"], second.json()["change_id"]) == (1, True, None)

    async def test_a_rollback_is_one_command_and_has_its_own_trail(self, desk):
        path = "/prompt/answer"
        for number in (1, 2):
            assert await desk.approved(path, PROMPT | {"system": str(number)}) == number
            await desk.done("POST", f"{path}/versions/{number}/activations", "ops", json={"reason": "go"})
        done = await desk.done("POST", f"{path}/rollback", "ops", json={"reason": "wrong answers since 14:02"}, instance=1)
        assert (done["version"], done["effective_from"]) == (1, done["at"])
        whole = await desk.done("GET", path)
        assert whole["live"] == {"production": 1}
        assert [one["emergency"] for one in whole["activations"]] == [False, False, True]
        assert whole["activations"][-1]["reason"] == "wrong answers since 14:02"
        again = await desk.done("POST", f"{path}/rollback", "ops", json={"reason": "and back"})
        assert again["version"] == 2
        nowhere = await desk.call("POST", f"{path}/rollback", "ops", json={"reason": "x", "to": 3})
        assert nowhere.status_code == 404

    async def test_a_version_that_was_never_live_is_no_place_to_roll_back_to(self, desk):
        await desk.approved("/prompt/answer", PROMPT)
        answer = await desk.call("POST", "/prompt/answer/rollback", "ops", json={"reason": "x"})
        assert (answer.status_code, answer.json()["title"]) == (409, "Conflict")
        answer = await desk.call("POST", "/prompt/answer/rollback", "ops", json={"reason": "x", "to": 1})
        assert answer.status_code == 409

    async def test_words_labels_and_evidence_are_kept_with_all_that_was(self, desk):
        path = "/model/m"
        await desk.done("POST", f"{path}/versions", json={"body": MODEL})
        evidence = {"form": "evaluation", "title": "faithfulness", "summary": "0.91", "passed": True, "sha256": "0" * 64}
        await desk.done("POST", f"{path}/versions/1/evidence", "bob", json=evidence)
        await desk.done("POST", f"{path}/comments", json={"comment": "looks well", "version": 1})
        await desk.done("PUT", f"{path}/labels/candidate", "ops", json={"version": 1})
        await desk.done("PUT", f"{path}/labels/candidate", "ops", json={"version": None})
        whole = await desk.done("GET", path)
        assert whole["versions"][0]["evidence"][0] | {"at": 0} == evidence | {"uri": None, "actor": "bob", "at": 0}
        assert [(one["label"], one["version"]) for one in whole["label_moves"]] == [("candidate", 1), ("candidate", None)]
        assert (whole["labels"], [one["comment"] for one in whole["comments"]]) == ({}, ["looks well"])
        gone = await desk.call("PUT", f"{path}/labels/candidate", "ops", json={"version": None})
        assert gone.status_code == 404

    async def test_two_bodies_are_told_apart_as_lines_and_member_by_member(self, desk):
        await desk.done("POST", "/prompt/p/versions", json={"body": {"system": "a\nb\n", "user": "{question}"}})
        await desk.done("POST", "/prompt/p/versions", json={"body": {"system": "a\nc\n", "user": "{question}"}})
        diff = await desk.done("GET", "/prompt/p/diff", params={"from": 1, "to": 2})
        assert diff["changes"] == [{"pointer": "/system", "op": "changed", "before": "a\nb\n", "after": "a\nc\n"}]
        assert "-  b\n+  c" in diff["text"]
        assert diff["text"].startswith("--- prompt/p@1\n+++ prompt/p@2")

    async def test_lists_and_everything_that_is_live(self, desk):
        await desk.approved("/prompt/a", PROMPT)
        await desk.done("POST", "/prompt/a/versions/1/activations", "ops", json={"reason": "go"})
        await desk.done("POST", "/prompt/b/versions", json={"body": PROMPT})
        await desk.done("PUT", "/prompt/b/labels/next", "ops", json={"version": 1})
        first = await desk.done("GET", "/prompt", params={"limit": 1})
        assert (first["things"], first["next"]) == (
            [{"name": "a", "sequence": 4, "newest": 1, "live": {"production": 1}, "labels": {}}], "a",
        )  # fmt: skip
        second = await desk.done("GET", "/prompt", params={"after": "a"})
        assert second["things"] == [{"name": "b", "sequence": 2, "newest": 1, "live": {}, "labels": {"next": 1}}]
        live = await desk.done("GET", "/live")
        assert [(one["owner"], one["kind"], one["name"], one["version"]) for one in live["things"]] == [(desk.tenant, "prompt", "a", 1)]


class TestApprovalPolicies:
    async def test_a_live_policy_says_whose_approval_and_which_evidence(self, desk):
        policy = {"roles": ["model_risk", "compliance"], "evidence": ["evaluation"], "reviewers": {"compliance": ["cy"]}}
        await desk.approved("/approval_policy/model", policy)
        await desk.done("POST", "/approval_policy/model/versions/1/activations", "ops", json={"reason": "go"})
        await desk.done("POST", "/model/m/versions", json={"body": MODEL})
        without = await desk.call("POST", "/model/m/versions/1/review-requests", json={})
        assert (without.status_code, without.json()["errors"]) == (422, [{"pointer": "", "why": "evaluation"}])
        await desk.done("POST", "/model/m/versions/1/evidence", json={"form": "evaluation", "title": "t"})
        await desk.done("POST", "/model/m/versions/1/review-requests", json={})
        await desk.done("POST", "/model/m/versions/1/reviews", "bob", json={"decision": "approve"})
        same_person = await desk.call("POST", "/model/m/versions/1/reviews", "bob", json={"decision": "approve", "role": "compliance"})
        assert same_person.status_code == 403  # not on the list
        await desk.done("POST", "/model/m/versions/1/reviews", "cy", json={"decision": "approve"})
        whole = await desk.done("GET", "/model/m")
        assert whole["versions"][0]["approvals"] == {"model_risk": "bob", "compliance": "cy"}

    @pytest.mark.parametrize(
        ("name", "body", "pointer"),
        [
            ("model", {"roles": ["author"]}, "/roles"),
            ("model", {"roles": ["a", "a"]}, "/roles"),
            ("model", {"roles": ["a"], "evidence": ["hearsay"]}, "/evidence"),
            ("nothing", {"roles": ["a"]}, ""),
        ],
    )
    async def test_a_policy_that_would_open_a_way_round_is_refused(self, desk, name, body, pointer):
        answer = await desk.call("POST", f"/approval_policy/{name}/versions", json={"body": body})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


USE_CASE = {
    "prompt": {"name": "p", "version": 1}, "model": {"name": "m", "version": 1}, "collections": [], "budget": "b",
    "redaction_policy": {"name": "r", "version": 1},
}  # fmt: skip


class TestWhatAVersionRestsOn:
    async def _live(self, desk, kind, name, body):
        version = await desk.approved(f"/{kind}/{name}", body)
        await desk.done("POST", f"/{kind}/{name}/versions/{version}/activations", "ops", json={"reason": "go"})

    async def test_a_use_case_goes_live_once_all_that_it_pins_may(self, desk):
        await desk.approved("/use_case/u", USE_CASE)
        go = ("POST", "/use_case/u/versions/1/activations", "ops")
        answer = await desk.call(*go, json={"reason": "go"})
        assert (answer.status_code, {one["pointer"] for one in answer.json()["errors"]}) == (
            422, {"/prompt", "/model", "/redaction_policy", "/budget"},
        )  # fmt: skip
        await desk.done("POST", "/prompt/p/versions", json={"body": PROMPT})
        await desk.approved("/model/m", MODEL | {"card": {"deprecation_date": "2026-01-31"}})
        await self._live(desk, "redaction_policy", "r", {"entity_types": []})
        await self._live(desk, "budget", "b", {"limit_micros": 1})
        answer = await desk.call(*go, json={"reason": "go"})
        assert answer.json()["errors"] == [
            {"pointer": "/prompt", "why": "this prompt is not approved"}, {"pointer": "/model", "why": "the model is past its deprecation"},
        ]  # fmt: skip
        in_test = await desk.call(*go, json={"reason": "go", "environment": "test"})
        assert [one["pointer"] for one in in_test.json()["errors"]] == ["/model"]
        deprecated = await desk.call("POST", "/model/m/versions/1/activations", "ops", json={"reason": "go"})
        assert deprecated.json()["errors"][0]["pointer"] == "/card/deprecation_date"
        await desk.approved("/model/m", MODEL)
        await desk.done("POST", "/prompt/p/versions/1/review-requests", json={})
        await desk.done("POST", "/prompt/p/versions/1/reviews", "bob", json={"decision": "approve"})
        assert await desk.approved("/use_case/u", USE_CASE | {"model": {"name": "m", "version": 2}}) == 2
        await desk.done("POST", "/use_case/u/versions/2/activations", "ops", json={"reason": "go"})
        await desk.done("POST", "/prompt/p/versions/1/retirement", "ops", json={"reason": "bad"})
        answer = await desk.call("POST", "/use_case/u/versions/2/activations", "ops", json={"reason": "again"})
        assert answer.json()["errors"] == [{"pointer": "/prompt", "why": "this prompt is retired"}]

    async def test_an_experiment_needs_its_use_case_and_its_variants(self, desk):
        body = {"use_case": "u", "salt": "s", "variants": [
            {"name": "a", "weight": 0}, {"name": "b", "weight": 0, "prompt": {"name": "p", "version": 9}},
        ]}  # fmt: skip
        alike = body | {"variants": [one | {"name": "a"} for one in body["variants"]]}
        assert (await desk.call("POST", "/experiment/e/versions", "ann", json={"body": alike})).status_code == 422
        await desk.approved("/experiment/e", body)
        answer = await desk.call("POST", "/experiment/e/versions/1/activations", "ops", json={"reason": "go"})
        assert [one["pointer"] for one in answer.json()["errors"]] == ["/variants/1/prompt", "/use_case", "/variants"]


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"system": "s"}, "/user"),
            ({"system": "s", "user": 7}, "/user"),
            ({"system": "s", "user": "u", "sytem": "t"}, "/sytem"),
        ],
    )
    async def test_what_is_not_of_its_kind_becomes_no_version(self, desk, body, pointer):
        answer = await desk.call("POST", "/prompt/p/versions", json={"body": body})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
        assert (await desk.call("GET", "/prompt/p")).status_code == 404

    @pytest.mark.parametrize("text", ['"\\ud800"', '"x\\u0000y"'])
    async def test_halves_of_characters_are_refused_and_nul_is_kept(self, desk, text):
        answer = await desk.call("POST", "/prompt/p/versions", content=f'{{"body": {{"system": {text}, "user": "u"}}}}', headers=JSON)
        assert answer.status_code == (422 if "d800" in text else 201)
        if answer.status_code == 201:
            assert (await desk.done("GET", "/prompt/p/versions/1"))["body"]["system"] == "x\x00y"

    async def test_numbers_without_end_are_refused(self, desk):
        answer = await desk.call("POST", "/use_case/u/versions", content='{"body": {"thresholds": {"a": NaN}}}', headers=JSON)
        assert answer.status_code == 422

    async def test_more_than_an_event_may_hold_is_refused_before_it_is_written(self, desk):
        answer = await desk.call("POST", "/prompt/p/versions", json={"body": {"system": "x" * 1_100_000, "user": "u"}})
        assert (answer.status_code, answer.json()["detail"]) == (422, "The registry refuses: the body is larger than an event may be.")
