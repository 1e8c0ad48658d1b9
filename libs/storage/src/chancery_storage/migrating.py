"""Migrations, forward only: `migrations/0007_pre_add_x.sql` before new code runs, `0008_post_drop_y.sql` once old code is gone."""

import hashlib
from importlib.resources import files
from typing import Any

from chancery_storage.errors import MigrationChanged

TIMEOUT_S = 3600
"""A migration may rewrite a large table."""
_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    package text NOT NULL, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (package, name))
"""


def scripts(package: str) -> list[tuple[str, str]]:
    """Name and text of a package's migrations, in order; empty if it has none."""
    folder = files(package).joinpath("migrations")
    if not folder.is_dir():
        return []
    return sorted((entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".sql"))


async def migrate(connection: Any, package: str) -> None:
    """Applies what is missing, all in one transaction, one process at a time. Raises MigrationChanged."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('chancery migrate ' || current_schema()))")
        await connection.execute(_LEDGER)
        rows = await connection.fetch("SELECT name, sha256 FROM schema_migrations WHERE package = $1", package)
        applied = {row["name"]: row["sha256"] for row in rows}
        for name, text in scripts(package):
            digest = hashlib.sha256(text.encode()).hexdigest()
            if name not in applied:
                await connection.execute(text, timeout=TIMEOUT_S)
                await connection.execute("INSERT INTO schema_migrations (package, name, sha256) VALUES ($1, $2, $3)", package, name, digest)
            elif applied[name] != digest:
                raise MigrationChanged(f"{package} {name}")
