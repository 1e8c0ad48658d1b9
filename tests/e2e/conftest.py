"""The whole stack, every service its own process, in a folder of its own."""

import io
from collections.abc import Iterator
from pathlib import Path

import chancery_local
import pytest
from chancery_cli.connection import Connection, connect
from chancery_cli.demo.board import Board
from chancery_cli.demo.run import run_demo
from rich.console import Console


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack's folder."""
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def stack(home: Path) -> Iterator[Connection]:
    """A running stack; its own servers, whatever the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CHANCERY_KAFKA_BOOTSTRAP", "CHANCERY_DATABASE_URL"):
            patch.delenv(name, raising=False)
        patch.setenv("CHANCERY_HOME", str(home))
        chancery_local.up(home)
        try:
            yield connect(home)
        finally:
            chancery_local.down(home)


@pytest.fixture(scope="session")
async def demo(stack: Connection) -> Board:
    """The demo's requests, all ended."""
    return await run_demo(stack, Console(file=io.StringIO(), width=160))
