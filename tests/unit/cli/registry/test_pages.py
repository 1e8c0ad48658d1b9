"""Times that people type, and words for what was done."""

from datetime import UTC, datetime

import pytest
import typer
from chancery_cli.registry.options import moment
from chancery_cli.registry.pages import change, origin, when
from hypothesis import given
from hypothesis import strategies as st


class TestMoments:
    def test_an_hour_is_todays(self):
        found = moment("14:02")
        assert (found.hour, found.minute, found.date()) == (14, 2, datetime.now().astimezone().date())

    def test_a_zone_is_kept_in_mind(self):
        assert moment("2026-11-24T14:02:00+02:00") == datetime(2026, 11, 24, 12, 2, tzinfo=UTC)

    @given(st.integers(1_577_836_800, 1_893_456_000))
    def test_what_is_shown_can_be_typed(self, seconds):
        at = datetime.fromtimestamp(seconds, UTC)
        shown = when(at.isoformat())
        assert moment(shown) == at

    @pytest.mark.parametrize("text", ["yesterday", "25:00", "", "2026-13-01", "14"])
    def test_what_is_no_time(self, text):
        with pytest.raises(typer.BadParameter):
            moment(text)


class TestWords:
    def test_an_emergency_cannot_be_overlooked(self):
        data = {"environment": "production", "effective_from": "2026-05-01T14:02:00Z", "emergency": True, "reason": "wrong fees"}
        told = change({"type": "chancery.registry.version-activated.v1", "version": 1, "data": data})
        assert told == "EMERGENCY: rolled back to 1 in production from 2026-05-01 14:02:00Z: wrong fees"

    def test_a_kind_of_change_that_comes_later_is_named(self):
        assert change({"type": "chancery.registry.version-signed.v1", "version": 1, "data": {}}) == "version-signed"

    @pytest.mark.parametrize(
        ("text", "shown"),
        [(None, ""), ("a.yaml (not committed)", "a.yaml (not committed)"), ("a@b.yaml@" + "1f" * 20, "a@b.yaml@1f1f1f1f1f1f")],
    )
    def test_origins(self, text, shown):
        assert origin(text) == shown
