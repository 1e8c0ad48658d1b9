"""Embedded stack: real Apache Kafka and PostgreSQL as child processes."""

from __future__ import annotations

from chancery_local.artifacts import EmbeddingFiles, default_cache, embedding_model
from chancery_local.embedded import EmbeddedServers, embedded_servers
from chancery_local.errors import LocalStackError
from chancery_local.server import ServerHandle

__all__ = [
    "EmbeddedServers",
    "EmbeddingFiles",
    "LocalStackError",
    "ServerHandle",
    "default_cache",
    "embedded_servers",
    "embedding_model",
]
