"""A home folder has one living owner, enough disk, and secrets that others cannot read."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from chancery_local.errors import DiskFullError, HomeBusyError, UnknownLogError, explain
from chancery_local.home import Home, write_secret_file
from chancery_local.home_lock import HomeLock
from chancery_local.log_files import rotate, tail
from chancery_local.processes import identity
from chancery_local.state import ProcessStatus, StackState, read_state, write_state


def _ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


class TestLock:
    def test_a_live_owner_is_respected_and_named(self, tmp_path: Path) -> None:
        HomeLock(tmp_path).acquire()
        with pytest.raises(HomeBusyError, match=str(os.getpid())):
            HomeLock(tmp_path).acquire()

    def test_it_can_be_taken_again_after_release(self, tmp_path: Path) -> None:
        lock = HomeLock(tmp_path)
        lock.acquire()
        lock.release()
        assert lock.owner() is None
        lock.acquire()

    @pytest.mark.parametrize("who", ["gone", "reused"])
    def test_a_stale_lock_is_taken_over_with_a_message(self, tmp_path: Path, who: str) -> None:
        pid = _ended_process() if who == "gone" else os.getppid()
        (tmp_path / "owner.lock").write_text(json.dumps({"pid": pid, "identity": "an earlier boot:1"}))
        said: list[str] = []
        HomeLock(tmp_path).acquire(said.append)
        assert HomeLock(tmp_path).owner() == os.getpid()
        assert str(pid) in said[0]

    def test_a_lock_cut_off_by_a_full_disk_is_nobodys(self, tmp_path: Path) -> None:
        (tmp_path / "owner.lock").write_text('{"pid": 1')
        HomeLock(tmp_path).acquire()


class TestIdentity:
    def test_a_process_keeps_its_own(self) -> None:
        assert identity(os.getpid()) == identity(os.getpid()) is not None

    def test_an_ended_process_has_none(self) -> None:
        assert identity(_ended_process()) is None


class TestFolder:
    def test_a_full_disk_is_refused_before_anything_starts(self, tmp_path: Path) -> None:
        with pytest.raises(DiskFullError, match="CHANCERY_HOME"):
            Home(tmp_path / "home").prepare(minimum_free_bytes=1 << 60)

    def test_only_its_owner_reads_a_new_one(self, tmp_path: Path) -> None:
        Home(tmp_path / "home").prepare(minimum_free_bytes=0)
        assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700

    @pytest.mark.parametrize("name", ["", "../state", "a/b", "."])
    def test_a_log_name_cannot_lead_out(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UnknownLogError):
            Home(tmp_path).log(name)

    def test_a_secret_is_readable_by_its_owner_only(self, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.write_text("old")
        path.chmod(0o644)
        write_secret_file(path, "new")
        assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)


class TestState:
    def test_it_is_read_as_written(self, tmp_path: Path) -> None:
        state = StackState("ready", 1, "m", "h:1", "postgresql://x", (ProcessStatus("kafka", 2, None, "ready"),))
        write_state(Home(tmp_path), state)
        assert read_state(Home(tmp_path)) == state

    @pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"processes": [{"name": 1}]}'])
    def test_a_damaged_file_is_no_state(self, tmp_path: Path, content: str) -> None:
        Home(tmp_path).state.write_text(content)
        assert read_state(Home(tmp_path)) is None


class TestLogs:
    def test_a_grown_log_moves_on_and_the_oldest_goes(self, tmp_path: Path) -> None:
        log = tmp_path / "kafka.log"
        for generation in range(6):
            log.write_text(str(generation))
            rotate(log, limit_bytes=1)
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
            "kafka.log.1": "5",
            "kafka.log.2": "4",
            "kafka.log.3": "3",
        }

    def test_a_small_log_stays(self, tmp_path: Path) -> None:
        (tmp_path / "a.log").write_text("short")
        rotate(tmp_path / "a.log")
        assert tail(tmp_path / "a.log") == "short"

    def test_the_tail_of_no_log_is_empty(self, tmp_path: Path) -> None:
        assert tail(tmp_path / "none.log") == ""

    @pytest.mark.parametrize(
        ("line", "word"),
        [
            ("java.io.IOException: No space left on device", "disk"),
            ("bind: Address already in use", "port"),
            ("OutOfMemoryError", "memory"),
        ],
    )
    def test_a_known_cause_is_told_plainly(self, line: str, word: str) -> None:
        assert word in explain(f"noise\n{line}\nnoise")
