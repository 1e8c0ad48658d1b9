"""A process is frozen when every thread of it stands, whatever ends or is named meanwhile."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from chancery_local.processes import frozen, threads_stand


def _threads(folder: Path, **states: str | None) -> Path:
    """A `task` folder as proc(5) shows it; None: the thread ended after it was listed."""
    for name, state in states.items():
        (folder / name).mkdir()
        if state is not None:
            (folder / name / "stat").write_text(f"17 (a ) T (name) {state} 1 17 17 0")
    return folder


@pytest.mark.parametrize(
    ("states", "stand"),
    [
        ({"a": "T", "b": "t"}, True),
        ({"a": "T", "b": "S"}, False),
        ({"a": "T", "gone": None}, True),
        ({"gone": None, "a": "R"}, False),
        ({"a": "R", "gone": None}, False),
        ({"a": "T", "b": "D"}, False),
    ],
)
def test_all_threads_count_and_one_that_is_gone_hides_none(tmp_path: Path, states: dict[str, str | None], stand: bool) -> None:
    assert threads_stand(_threads(tmp_path, **states)) is stand


def test_a_real_process_stands_after_a_stop_and_goes_on() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert not frozen(process.pid)
        os.kill(process.pid, signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        assert frozen(process.pid)
        process.kill()
    assert frozen(process.pid)
