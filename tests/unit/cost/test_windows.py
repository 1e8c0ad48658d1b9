"""A window counts each event once, however often it comes."""

import subprocess
import sys

from chancery_cost.adapters.spend_windows import SOURCES, RecentIds, amount, changelogs, counted
from chancery_testing.builders import refused
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=60))
def test_a_window_counts_each_offset_once_however_often_it_comes(pieces):
    amounts = dict(pieces)
    cell: dict[str, int] = {}
    for start in range(0, 31, 7):  # redelivered stretches, each from a little before where the last one ended
        for offset in range(max(0, start - 3), min(31, start + 7)):
            cell = counted(cell, offset, amounts.get(offset, 0))
    assert cell["value"] == sum(amounts.values())


def test_the_last_ids_are_known_and_older_ones_forgotten():
    recent = RecentIds(bound=2)
    assert [recent.first_time(one) for one in ("a", "a", "b", "c", "a")] == [True, False, True, True, True]
    recent.forget()
    assert recent.first_time("a")


def test_a_refusal_counts_one_and_no_money():
    assert (amount("refusals", refused()), amount("spend_micros", refused())) == (1, 0)


def test_a_changelog_has_the_partitions_of_its_source():
    assert [spec.partitions for spec in changelogs("live")] == [topic.partitions for topic in SOURCES.values()]
    assert changelogs("live")[0].name == "chancery.live.cost-windows-requests-by-minute-changelog"


def test_the_main_process_does_not_import_faust():

    code = "import sys, chancery_cost.main; print([name for name in ('faust', 'mode', 'genai_prices') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
