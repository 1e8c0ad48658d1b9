"""The only room that knows the pool: transactions, migrations, journal."""

from chancery_storage.database import Connection, Database, plan_afresh
from chancery_storage.errors import DatabaseUnavailable, MigrationChanged, StorageError, UnknownQuery
from chancery_storage.journal import Journal, Sealer
from chancery_storage.queries import Queries, load_queries

__all__ = [
    "Connection",
    "Database",
    "DatabaseUnavailable",
    "Journal",
    "MigrationChanged",
    "Queries",
    "Sealer",
    "StorageError",
    "UnknownQuery",
    "load_queries",
    "plan_afresh",
]
