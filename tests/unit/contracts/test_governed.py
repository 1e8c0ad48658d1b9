"""The fold of the registry's topic: states, four eyes, lost races, founding, what is live when; and what hostile records do (nothing)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from chancery_contracts.canonical import body_sha256
from chancery_contracts.event import Event
from chancery_contracts.governance import CHANGES, LabelMoved, VersionActivated, VersionReviewed
from chancery_contracts.governed import ChangeRefused, History, OwnWork
from chancery_testing.builders import T0, registry_entry
from chancery_testing.governing import Pen
from hypothesis import given, settings
from hypothesis import strategies as st

MINUTE = timedelta(minutes=1)


def fold(*events):
    history = History()
    for event in events:
        history.apply(event)
    return history


def refused(history, event, match):
    """It changes nothing, tried or applied."""
    before = image(history)
    for attempt in (history.attempt, history.apply):
        with pytest.raises(ChangeRefused, match=match):
            attempt(event)
    assert image(history) == before


def image(history):
    return repr((history.sequence, history.versions, history.activations, history.labels))


class TestStates:
    def test_a_version_goes_from_draft_over_review_to_approved_and_live_and_retired(self):
        pen, history = Pen(), History()
        states = []
        for event in (pen.draft(), pen.ask(), pen.review(), pen.activate(), pen.retire()):
            history.apply(event)
            states.append(history.state(1, pen.at))
        assert states == ["draft", "in_review", "approved", "live", "retired"]

    def test_a_rejected_version_is_a_draft_again_and_its_approvals_are_gone(self):
        pen = Pen()
        history = fold(
            pen.draft(), pen.ask(roles=("a", "b")), pen.review(role="a"), pen.review(decision="reject", role="b", actor="cy"),
        )  # fmt: skip
        assert (history.state(1, pen.at), history.versions[1].approvals) == ("draft", {})
        history.apply(pen.ask())
        assert history.state(1, pen.at) == "in_review"

    def test_a_replaced_version_reads_as_retired_and_may_be_live_again(self):
        pen = Pen()
        history = fold(*pen.approved(), pen.activate(), *pen.approved(), pen.activate())
        assert [history.state(number, pen.at) for number in (1, 2)] == ["retired", "live"]
        history.apply(pen.activate(1))
        assert [history.state(number, pen.at) for number in (1, 2)] == ["live", "retired"]

    def test_environments_are_apart_and_only_production_asks_for_approval(self):
        pen = Pen()
        history = fold(pen.draft(), pen.activate(environment="test"))
        assert history.state(1, pen.at, "test") == "live"
        assert history.state(1, pen.at) == "draft"
        refused(history, pen.activate(), "only an approved version")

    def test_a_version_that_is_to_be_live_later_is_not_live_before(self):
        pen = Pen()
        history = fold(*pen.approved())
        later = pen.at + timedelta(hours=1)
        history.apply(pen.activate(effective_from=later))
        assert history.live(later - MINUTE) is None
        assert history.live(later) is history.versions[1]

    def test_of_two_for_the_same_moment_the_later_change_is_live(self):
        pen = Pen()
        history, later = fold(*pen.approved(), *pen.approved()), T0 + timedelta(days=1)
        history.apply(pen.activate(2, effective_from=later))
        history.apply(pen.activate(1, effective_from=later))
        assert history.live(later).number == 1

    def test_what_is_retired_is_not_live_and_nothing_takes_its_place(self):
        pen = Pen()
        history = fold(*pen.approved(), pen.activate(), *pen.approved(), pen.activate(), pen.retire(2))
        assert history.live(pen.at) is None
        refused(history, pen.activate(2), "retired")


class TestFourEyes:
    def test_an_author_neither_approves_nor_rejects_their_own(self):
        pen = Pen()
        history = fold(pen.draft(actor="ann"), pen.ask())
        for decision in ("approve", "reject"):
            event = pen.review(actor="ann", decision=decision, sequence=3)
            with pytest.raises(OwnWork):
                history.apply(event)
            refused(history, event, "four eyes")

    def test_each_role_is_given_by_another_person(self):
        pen = Pen()
        history = fold(pen.draft(), pen.ask(roles=("model_risk", "compliance")), pen.review(role="model_risk"))
        refused(history, pen.review(role="compliance", sequence=4), "another person")
        history.apply(pen.review(role="compliance", actor="cy", sequence=4))
        assert history.versions[1].stage == "approved"

    @pytest.mark.parametrize("role", ["finance", "prompt_owner"])
    def test_a_role_that_was_not_asked_or_is_given_is_not_open(self, role):
        pen = Pen()
        history = fold(pen.draft(), pen.ask(roles=("prompt_owner", "compliance")), pen.review())
        refused(history, pen.review(role=role, actor="cy"), "no approval in this role")

    def test_who_asked_for_the_review_may_still_approve_and_the_author_stays_the_one_who_drafted(self):
        pen = Pen()
        history = fold(pen.draft(actor="ann"), pen.ask(actor="bob"), pen.review(actor="bob"))
        assert history.versions[1].approvals == {"prompt_owner": "bob"}


class TestRaces:
    def test_of_two_with_one_number_the_first_counts(self):
        pen = Pen()
        history = fold(pen.draft(), pen.comment("one"))
        refused(history, pen.comment("two", sequence=2), "another change came first")

    @pytest.mark.parametrize("sequence", [1, 2, 4, 10**30])
    def test_a_number_that_is_not_the_next_does_not_count(self, sequence):
        pen = Pen()
        history = fold(pen.draft(), pen.comment())
        refused(history, pen.comment(sequence=sequence), "another change came first")

    def test_an_event_that_comes_again_changes_nothing(self):
        pen = Pen()
        events = [*pen.approved(), pen.activate()]
        history = fold(*events)
        before = image(history)
        assert not any(history.apply(event) for event in events)
        assert image(history) == before

    def test_what_was_refused_may_come_again_with_the_right_number(self):
        pen = Pen()
        history, late = fold(pen.draft(), pen.comment()), pen.comment(sequence=2, id="x")
        refused(history, late, "first")
        assert history.apply(pen.comment(sequence=3, id="x"))


class TestFounding:
    def test_entries_of_files_are_approved_and_live_from_their_date_and_the_highest_wins(self):
        history = fold(*(registry_entry("prompt", "p", {"system": "", "user": str(n)}, version=n) for n in (1, 3, 2)))
        assert history.live(T0).number == 3
        assert {history.state(number, T0) for number in (1, 2)} == {"retired"}

    def test_a_governed_thing_takes_no_entries_any_more_and_its_versions_count_on(self):
        pen = Pen()
        pen.version = 4
        history = fold(registry_entry("prompt", "answer", {"system": "", "user": ""}, version=4), pen.draft())
        refused(history, registry_entry("prompt", "answer", {"system": "", "user": "x"}, version=9), "governed")
        assert sorted(history.versions) == [4, 5]
        assert history.live(T0).number == 4

    def test_an_activation_outranks_founded_versions_from_its_moment_on(self):
        pen = Pen()
        pen.version = 1
        history = fold(registry_entry("prompt", "answer", {"system": "", "user": ""}), *pen.approved(), pen.activate())
        assert history.live(pen.at - timedelta(seconds=1)).number == 1
        assert history.live(pen.at).number == 2

    def test_a_version_beyond_all_counting_is_none(self):
        refused(History(), registry_entry("prompt", "p", {"system": "", "user": ""}, version=10**12), "larger")


class TestEmergency:
    def test_it_goes_back_to_what_was_live_without_new_approval(self):
        pen = Pen()
        history = fold(*pen.approved(), pen.activate(), *pen.approved(), pen.activate(), pen.activate(1, emergency=True))
        assert history.live(pen.at).number == 1

    def test_it_goes_nowhere_else(self):
        pen = Pen()
        history = fold(*pen.approved(), pen.activate(), pen.draft())
        refused(history, pen.activate(2, emergency=True), "was live")
        history = fold(pen.draft(sequence=1, version=1), pen.activate(1, environment="test", sequence=2))
        refused(history, pen.activate(1, emergency=True, sequence=3), "was live")


class TestHostileRecords:
    def test_the_past_is_not_changed(self):
        pen = Pen()
        history = fold(*pen.approved())
        refused(history, pen.activate(effective_from=pen.at - timedelta(days=1)), "past")
        refused(history, pen.retire(effective_from=pen.at - timedelta(days=1), sequence=4), "past")

    @pytest.mark.parametrize(
        "moment",
        [datetime(2027, 1, 1, tzinfo=UTC).replace(tzinfo=None), datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)],
        ids=["no zone", "last", "first"],
    )
    def test_moments_that_cannot_be_compared_or_told_do_not_count(self, moment):
        pen = Pen()
        history = fold(*pen.approved())
        refused(history, pen.activate(effective_from=moment), "moment")
        refused(history, pen.retire(effective_from=moment, sequence=4), "moment")
        entry = registry_entry("prompt", "p", {"system": "", "user": ""})
        entry = msgspec.structs.replace(entry, data=entry.data.model_copy(update={"effective_from": moment}))
        refused(History(), entry, "moment")

    def test_a_body_that_is_not_what_its_hash_says_does_not_count(self):
        pen = Pen()
        refused(History(), pen.draft(body_sha256=body_sha256({})), "hash")

    def test_a_body_of_what_json_cannot_say_does_not_count(self):
        pen = Pen()
        refused(History(), pen.draft({"n": float("inf")}, body_sha256="0" * 64), "JSON")

    @pytest.mark.parametrize("version", [1, 3, 10**30])
    def test_a_draft_has_the_next_number(self, version):
        pen = Pen()
        refused(fold(pen.draft()), pen.draft(version=version), "next number")

    def test_a_change_carries_its_events_id(self):
        pen = Pen()
        event = pen.draft()
        refused(History(), msgspec.structs.replace(event, id="another"), "event's id")

    @pytest.mark.parametrize("what", ["ask", "review", "activate", "retire", "attach"])
    def test_no_change_is_of_a_version_that_is_not_there(self, what):
        pen = Pen()
        refused(fold(pen.draft()), getattr(pen, what)(7), "no such version")

    def test_labels_point_to_versions_and_are_taken_away_once(self):
        pen = Pen()
        history = fold(pen.draft(), pen.label("stable", 1))
        refused(history, pen.label("stable", 2), "no such version")
        refused(history, pen.label("gone", None, sequence=3), "no such label")
        history.apply(pen.label("stable", None, sequence=3))
        assert history.labels == {}


NAMES = st.sampled_from(["ann", "bob", "cy"])
SMALL = st.integers(1, 4)
MOMENTS = st.integers(-3, 40).map(lambda minutes: T0 + timedelta(minutes=minutes))
BODY = {"variants": [{"name": "x"}, {"name": "y"}]}
FIELDS = {
    "decision": st.sampled_from(["approve", "reject"]), "role": st.sampled_from(["a", "b"]), "roles": st.sampled_from([("a",), ("a", "b")]),
    "environment": st.sampled_from(["production", "test"]), "emergency": st.booleans(), "effective_from": MOMENTS, "reason": st.just("r"),
    "label": st.sampled_from(["x", "y"]), "comment": st.just("c"), "body": st.just(BODY), "body_sha256": st.just(body_sha256(BODY)),
    "evidence": st.just({"form": "ticket", "title": "t"}), "actor": NAMES, "variant": st.sampled_from(["x", "y"]),
}  # fmt: skip


@st.composite
def records(draw):
    """Anything that may stand on the topic about one thing, mostly in order."""
    written, sequence, number = [], 0, 0
    for minute in range(draw(st.integers(1, 25))):
        of = draw(st.sampled_from([*CHANGES, VersionActivated, VersionReviewed]))
        said = {name: draw(FIELDS[name]) for name in of.model_fields if name in FIELDS}
        if "version" in of.model_fields:
            drafts = of.__name__ == "VersionDrafted"
            said["version"] = number + 1 if drafts else draw(st.none() | SMALL if of is LabelMoved else SMALL)
        sequence = draw(st.sampled_from([sequence + 1] * 9 + [max(1, sequence), sequence + 2]))
        data = of(change_id=f"c{minute}", kind="experiment", name="p", sequence=sequence, **said)
        event = Event(id=f"c{minute}", source="t", time=T0 + timedelta(minutes=minute), tenant="acme", data=data)
        written.append(event)
        trial = fold_what_counts(written)
        sequence, number = trial.sequence, max(trial.versions, default=0)
    return written


def fold_what_counts(events):
    history = History()
    for event in events:
        try:
            history.apply(event)
        except ChangeRefused:
            continue
    return history


class TestWhateverStandsOnTheTopic:
    @settings(max_examples=150, deadline=None)
    @given(records(), MOMENTS)
    def test_one_version_at_most_is_live_and_it_was_approved_by_others_than_its_author(self, events, at):
        history = fold_what_counts(events)
        live = history.live(at)
        states = [history.state(number, at) for number in history.versions]
        assert states.count("live") == (live is not None)
        for version in history.versions.values():
            assert version.author not in version.approvals.values()
            assert len(set(version.approvals.values())) == len(version.approvals)
        if live is not None:
            assert live.stage == "approved"
            assert live.usable(at)

    @settings(max_examples=150, deadline=None)
    @given(records(), st.data())
    def test_redeliveries_anywhere_change_nothing(self, events, data):
        again = list(events)
        for _ in range(data.draw(st.integers(1, 5))):
            place = data.draw(st.integers(0, len(again)))
            earlier = again[:place]
            if earlier:
                again.insert(place, data.draw(st.sampled_from(earlier)))
        once, twice = fold_what_counts(events), fold_what_counts(again)
        # One that was refused may count when it comes again behind what it waited for: the log's order decides, not the publisher's.
        if {event.id for event in events} == once._seen:
            assert image(once) == image(twice)

    @settings(max_examples=150, deadline=None)
    @given(records())
    def test_trying_says_what_applying_does(self, events):
        history = History()
        for event in events:
            tried = _outcome(history.attempt, event)
            before = image(history)
            assert _outcome(history.apply, event) == tried
            assert (tried is None) == (image(history) != before)

    @settings(max_examples=150, deadline=None)
    @given(records(), MOMENTS)
    def test_what_is_live_is_what_a_plain_reading_says(self, events, at):
        history = fold_what_counts(events)
        plain = [one for one in history.activations if one.environment == "production" and one.effective_from <= at]
        best = max(plain, key=lambda one: (one.effective_from, one.sequence), default=None)
        found = None if best is None else history.versions[best.version]
        assert history.live(at) == (found if found is not None and found.usable(at) else None)

    @settings(max_examples=100, deadline=None)
    @given(records(), st.integers(0, 25))
    def test_later_records_do_not_change_what_was_live_before_them(self, events, split):
        before, all_ = fold_what_counts(events[:split]), fold_what_counts(events)
        at = T0 + timedelta(minutes=split) - timedelta(seconds=1)
        first, second = before.live(at), all_.live(at)
        assert (first and first.number) == (second and second.number)


def _outcome(do, event):
    try:
        do(event)
    except ChangeRefused as exc:
        return str(exc)
    return None
