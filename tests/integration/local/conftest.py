"""Servers of this folder's own: its tests kill and freeze them."""

from collections.abc import Iterator

import pytest
from chancery_local import EmbeddedServers, embedded_servers


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Kafka and PostgreSQL that may be treated roughly."""
    with embedded_servers(tmp_path_factory.mktemp("victims")) as servers:
        yield servers
