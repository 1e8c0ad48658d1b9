"""Real Kafka and real PostgreSQL for every test that needs them: started once a session, as child processes."""

import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import asyncpg
import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).parent))

# Hypothesis is imported up front: imported by its plugin at the end of a run, CPython 3.11 fails in rewriting it.
assert hypothesis

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


def pytest_configure(config: pytest.Config) -> None:
    """A root of its own: another run would take back the right to enter the shared one, which PostgreSQL's own user needs."""
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="chancery-tests-")


@pytest.hookimpl(trylast=True)  # after the servers have stopped
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What passed leaves nothing behind; the servers' logs of a run that failed stay."""
    if exitstatus == pytest.ExitCode.OK and Path(session.config.option.basetemp).name.startswith("chancery-tests-"):
        shutil.rmtree(session.config.option.basetemp, ignore_errors=True)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Benchmark data, kept outside of the project; tests that need it are skipped where it is absent."""
    path = Path(os.environ.get("CHANCERY_DATA_DIR", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip("no benchmark data: set CHANCERY_DATA_DIR to a folder with the layout of shared/data")
    return path


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Kafka and PostgreSQL: those that the environment names, else our own, which die with this process."""
    bootstrap, url = os.environ.get("CHANCERY_KAFKA_BOOTSTRAP"), os.environ.get("CHANCERY_DATABASE_URL")
    if bootstrap and url:
        yield SimpleNamespace(kafka_bootstrap=bootstrap, database_url=url)
        return
    from chancery_local import embedded_servers

    with embedded_servers(tmp_path_factory.mktemp("servers")) as running:
        yield running


@pytest.fixture(scope="session")
def kafka_bootstrap(servers: object) -> str:
    """Address of the real Kafka."""
    return str(servers.kafka_bootstrap)  # type: ignore[attr-defined]  # the fixture above


@pytest.fixture(scope="module")
async def database_url(servers: object) -> AsyncIterator[str]:
    """A fresh database of the real PostgreSQL, for this module alone."""
    base = str(servers.database_url)  # type: ignore[attr-defined]  # the fixture above
    name = f"test_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(base)
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    head, _, tail = base.rpartition("/")
    query = tail.partition("?")[2]
    yield f"{head}/{name}" + (f"?{query}" if query else "")
    connection = await asyncpg.connect(base)
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()
