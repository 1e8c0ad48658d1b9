"""Embedded stack: real Apache Kafka and PostgreSQL, and every service, as child processes."""

from chancery_local.artifacts import EmbeddingFiles, default_cache, embedding_model
from chancery_local.embedded import EmbeddedServers, embedded_servers
from chancery_local.errors import LocalStackError
from chancery_local.home import Home, default_home
from chancery_local.lifecycle import down, logs, status, up
from chancery_local.processes import resident_bytes
from chancery_local.stack import SERVICES, ServiceSpec, StackAddresses, StackDefinition
from chancery_local.state import ProcessStatus, StackState

__all__ = [
    "SERVICES", "EmbeddedServers", "EmbeddingFiles", "Home", "LocalStackError", "ProcessStatus", "ServiceSpec", "StackAddresses",
    "StackDefinition", "StackState", "default_cache", "default_home", "down", "embedded_servers", "embedding_model", "logs",
    "resident_bytes", "status", "up",
]  # fmt: skip
