"""Ports are free, stable and never in the range of outgoing connections."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from chancery_local.errors import PortTakenError
from chancery_local.ports import LOOPBACK, PortBook, choose_free, is_free


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind((LOOPBACK, choose_free()))
        server.listen()
        yield server


def test_a_port_that_someone_listens_on_is_not_free(listener: socket.socket) -> None:
    assert not is_free(listener.getsockname()[1])


def test_ports_lie_below_the_range_of_outgoing_connections() -> None:
    assert 18_000 <= choose_free() < 32_768


def test_a_restart_keeps_its_ports(tmp_path: Path) -> None:
    first = PortBook(tmp_path / "ports.json")
    given = {name: first.port(name) for name in ("kafka", "postgres", "gateway")}
    assert len(set(given.values())) == 3
    again = PortBook(tmp_path / "ports.json")
    assert {name: again.port(name) for name in reversed(given)} == given


def test_a_port_taken_since_is_replaced(tmp_path: Path, listener: socket.socket) -> None:
    path = tmp_path / "ports.json"
    path.write_text(f'{{"kafka": {listener.getsockname()[1]}}}')
    assert PortBook(path).port("kafka") != listener.getsockname()[1]


def test_a_fixed_port_in_use_is_refused_by_name(tmp_path: Path, listener: socket.socket) -> None:
    taken = listener.getsockname()[1]
    with pytest.raises(PortTakenError, match=f"{taken}, asked for by gateway"):
        PortBook(tmp_path / "ports.json", {"gateway": taken}).port("gateway")


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"kafka": "x"}'])
def test_a_damaged_book_is_begun_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ports.json"
    path.write_text(content)
    assert PortBook(path).port("kafka") > 0
