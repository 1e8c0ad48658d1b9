"""Errors of storage: foreign exceptions stop here."""

from chancery_contracts.failures import ChanceryError, Retry


class StorageError(ChanceryError):
    """Base of storage's own errors."""


class DatabaseUnavailable(Retry):
    """The database does not answer, or asks to try again. Wait; the runner does so by itself."""


class MigrationChanged(StorageError):
    """A migration that was applied earlier has other contents now. Migrations are forward only: add a new file instead."""


class UnknownQuery(StorageError, AttributeError):
    """No query of that name is in queries.sql. Check its `-- name:` lines."""
