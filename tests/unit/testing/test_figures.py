"""What the benchmarks print: one JSON line a figure, of one shape; the short forms keep nothing."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from chancery_testing.figures import Figure, keep, show

ROOT = Path(__file__).resolve().parents[3]
GOOD = Figure("rate", 12.5, "requests/s", 30).as_dict()


class TestShowing:
    def test_a_figure_is_one_json_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        show([GOOD, GOOD])
        lines = capsys.readouterr().out.splitlines()
        assert [json.loads(line)["name"] for line in lines] == ["rate", "rate"]

    @pytest.mark.parametrize(
        "wrong", [{"value": math.nan}, {"value": math.inf}, {"value": None}, {"value": True}, {"value": "12"}, {"name": ""}, {"unit": None}]
    )
    def test_what_is_no_figure_is_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="not a figure"):
            show([GOOD | wrong])

    @pytest.mark.parametrize("key", ["name", "value", "unit", "target", "holds"])
    def test_a_missing_key_is_refused(self, key: str) -> None:
        with pytest.raises(ValueError, match="not a figure"):
            show([{name: value for name, value in GOOD.items() if name != key}])

    def test_no_figure_at_all_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="nothing was measured"):
            keep("none", [], tmp_path)
        assert not list(tmp_path.iterdir())


class TestShortForms:
    def test_a_benchmark_in_short_prints_and_keeps_nothing(self) -> None:
        kept = ROOT / "tests/bench/results/pack.json"
        before = kept.read_bytes()
        ran = subprocess.run([sys.executable, "tests/bench/run.py", "pack", "--short"], cwd=ROOT, capture_output=True, check=True)
        assert {json.loads(line)["name"] for line in ran.stdout.splitlines()} >= {"pack_mutations_found", "pack_false_alarms"}
        assert kept.read_bytes() == before

    @pytest.mark.parametrize("name", ["groundedness", "redaction", "extractive", "tables", "retrieval", "languages", "identifiers"])
    def test_quality_without_data_says_so_and_passes(self, name: str, tmp_path: Path) -> None:
        command = [sys.executable, "tests/quality/run.py", name, "--short", "--data", str(tmp_path)]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
        assert ran.stdout == ""
        assert len(ran.stderr.splitlines()) == ran.stderr.count("skipped, no benchmark data") == 1
