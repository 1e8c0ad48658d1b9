"""The supervisor with stand-in services: starts, restarts, gives up, stops in order, and leaves no orphan."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from chancery_local import StackState, down, logs, status, up
from chancery_local.errors import StackFailedError, UnknownLogError
from chancery_local.processes import identity

SCRIPT = Path(__file__).with_name("stand_in_stack.py")
DEADLINE_S = 60.0
Begin = Callable[..., subprocess.Popen[bytes]]


def _until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s: {what}"
        time.sleep(0.02)


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if identity(pid) is not None]


def _state(home: Path) -> StackState:
    found = status(home)
    assert found is not None
    return found


def _process(home: Path, name: str) -> tuple[int | None, str, int]:
    (one,) = [one for one in _state(home).processes if one.name == name]
    return one.pid, one.state, one.restarts


def _wait(home: Path, wanted: str) -> StackState:
    _until(lambda: (found := status(home)) is not None and found.status == wanted, wanted)
    return _state(home)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def begin(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Runs a supervisor; it is stopped at the end, whatever the test did to it."""
    for name in ("CHANCERY_KAFKA_BOOTSTRAP", "CHANCERY_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, str(SCRIPT), str(home), *arguments], stderr=subprocess.PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=DEADLINE_S)


def test_a_stack_comes_up_is_found_and_goes_down(begin: Begin, home: Path) -> None:
    supervisor = begin("alpha", "beta", "provision=print('made the topics')")
    state = _wait(home, "ready")
    assert [one.name for one in state.processes] == ["kafka", "postgres", "alpha", "beta"]
    assert set(state.ports) == {"alpha", "beta"}
    assert stat.S_IMODE((home / "state.json").stat().st_mode) == 0o600
    assert up(home).pid == supervisor.pid, "a second `up` finds the first"
    assert list(logs("provision", home)) == ["made the topics"]
    with pytest.raises(UnknownLogError, match="alpha, beta, kafka"):
        list(logs("nobody", home))
    pids = [one.pid for one in state.processes if one.pid is not None]
    assert down(home)
    assert not _alive(pids)
    assert status(home) is None
    assert not down(home), "nothing is left to stop"


def test_each_process_that_is_killed_comes_back(begin: Begin, home: Path) -> None:
    begin("alpha")
    _wait(home, "ready")
    for name in ("alpha", "postgres", "kafka"):
        pid, _, _ = _process(home, name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _until(lambda name=name, pid=pid: _process(home, name)[0] not in {None, pid}, f"{name} restarted")
        _until(lambda name=name: _process(home, name)[1:] == ("ready", 1), f"{name} ready")


def test_no_orphan_outlives_a_killed_supervisor_and_the_next_one_takes_over(begin: Begin, home: Path) -> None:
    supervisor = begin("alpha", "beta")
    _wait(home, "ready")
    family = [child.pid for child in psutil.Process(supervisor.pid).children(recursive=True)]
    assert len(family) > 4, "with PostgreSQL's own children"
    supervisor.kill()
    supervisor.wait()
    _until(lambda: not _alive(family), "all of them ended")
    assert status(home) is None
    begin("alpha", "beta")
    _wait(home, "ready")


def test_a_supervisor_that_is_stopped_while_it_starts_leaves_nothing(begin: Begin, home: Path) -> None:
    supervisor = begin("alpha")
    _until(lambda: psutil.Process(supervisor.pid).children(), "a first child")
    supervisor.terminate()
    assert supervisor.wait(DEADLINE_S) is not None
    assert status(home) is None


def test_a_service_that_fails_once_is_not_reported_ready_before_it_is(begin: Begin, home: Path) -> None:
    begin("alpha=--die-once")
    _wait(home, "ready")
    assert _process(home, "alpha")[1:] == ("ready", 1)


def test_a_service_that_always_dies_is_given_up_with_its_last_words(begin: Begin, home: Path) -> None:
    begin("alpha=--die", "beta")
    state = _wait(home, "failed")
    assert "alpha gave up" in state.message
    assert "cannot start: the reason" in state.message
    assert _process(home, "beta")[1] == "ready", "the others go on"
    with pytest.raises(StackFailedError, match="cannot start: the reason"):
        up(home)


def test_a_failed_provision_ends_the_stack_with_its_last_words(begin: Begin, home: Path) -> None:
    supervisor = begin("alpha", "provision=raise SystemExit('no such tenant')")
    _, error = supervisor.communicate(timeout=DEADLINE_S)
    assert supervisor.returncode == 1
    assert b"no such tenant" in error
    assert status(home) is None


def test_external_servers_are_used_instead_of_ours(begin: Begin, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANCERY_KAFKA_BOOTSTRAP", "kafka.example:9092")
    monkeypatch.setenv("CHANCERY_DATABASE_URL", "postgresql://db.example/chancery")
    begin("alpha")
    state = _wait(home, "ready")
    assert [one.name for one in state.processes] == ["alpha"]
    assert (state.kafka_bootstrap, state.database_url) == ("kafka.example:9092", "postgresql://db.example/chancery")
