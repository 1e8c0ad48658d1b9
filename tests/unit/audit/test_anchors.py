"""Anchors: settings that are told at the start, and how long a failing one is left alone."""

from datetime import timedelta

import pytest
from chancery_audit.domain.anchors import AnchorBounds, Failures
from chancery_audit.main import anchors
from chancery_audit.settings import AuditSettings
from chancery_runtime import Application
from chancery_runtime.errors import StartupFailed
from chancery_testing.clock import START


def _anchors(**given):
    settings = AuditSettings(kafka_bootstrap="none", database_url="none", http_port=1, **given)
    return [one.kind for one in anchors(Application("audit", settings), settings)]


class TestSettings:
    def test_have_no_anchor_unless_one_is_set(self):
        assert _anchors() == []

    def test_make_a_folder_an_anchor(self, tmp_path):
        assert _anchors(audit_anchor_folder=tmp_path) == ["file"]

    def test_make_a_bucket_an_anchor(self):
        keys = {"audit_anchor_s3_access_key": "a", "audit_anchor_s3_secret_key": "b"}
        assert _anchors(audit_anchor_s3="https://s3.example/bucket", **keys) == ["s3"]

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"audit_anchor_tsa": "http://tsa.example"}, "CHANCERY_AUDIT_ANCHOR_TSA_ROOTS"),
            ({"audit_anchor_tsa": "http://tsa.example", "audit_anchor_tsa_roots": "nowhere"}, "No such file"),
            ({"audit_anchor_tsa": "http://tsa.example", "audit_anchor_tsa_roots": __file__}, "no certificate in PEM"),
            ({"audit_anchor_s3": "https://s3.example/bucket"}, "CHANCERY_AUDIT_ANCHOR_S3_SECRET_KEY"),
            (
                {"audit_anchor_s3": "s3.example", "audit_anchor_s3_access_key": "a", "audit_anchor_s3_secret_key": "b"},
                "https://<endpoint>/<bucket>",
            ),
        ],
    )
    def test_in_part_or_wrong_stop_the_start_with_what_is_missing(self, given, words):
        with pytest.raises(StartupFailed, match=words):
            _anchors(**given)


class TestFailures:
    def test_wait_twice_as_long_each_time_and_never_longer_than_a_minute(self):
        failures, waits = Failures(), []
        for _ in range(9):
            failures.failed("bank", "no", START)
            waits.append((failures.by_tenant["bank"].again_at - START).total_seconds())
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]

    def test_leave_a_tenant_alone_until_its_time_and_forget_it_when_it_succeeds(self):
        failures = Failures()
        failures.failed("bank", "no", START)
        assert failures.left_alone(START) == ["bank"]
        assert failures.left_alone(START + timedelta(seconds=1)) == []
        failures.succeeded("bank")
        assert (failures.left_alone(START), failures.words("bank")) == ([], None)

    def test_count_an_anchor_that_is_down_once_though_several_had_asked(self):
        failures = Failures()
        for _ in range(4):
            failures.went_down("away", START)
        assert (failures.down.attempts, failures.words("bank")) == (1, "away")
        failures.went_down("away", START + timedelta(seconds=1))
        assert failures.down.attempts == 2
        failures.succeeded("bank")
        assert failures.down is None


def test_a_checkpoint_is_overdue_when_its_turn_and_the_bound_have_passed():
    bounds = AnchorBounds(every_s=60, overdue_s=30)
    assert (bounds.every, bounds.overdue) == (timedelta(seconds=60), timedelta(seconds=90))
