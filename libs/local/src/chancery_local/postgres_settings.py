"""PostgreSQL's settings for a laptop: durable, small, loopback only."""

from __future__ import annotations

from chancery_local.ports import LOOPBACK


def settings(port: int) -> dict[str, str]:
    """Each setting by name, as given to `postgres -c name=value`."""
    return {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",  # its path would have to fit 107 bytes
        "password_encryption": "scram-sha-256",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "effective_cache_size": "1GB",
        "work_mem": "8MB",
        "maintenance_work_mem": "128MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "15min",
        "max_wal_senders": "0",
        "wal_level": "minimal",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_parallel_workers_per_gather": "1",
        "dynamic_shared_memory_type": "mmap",  # containers give /dev/shm 64 MB
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] ",
        "log_statement": "none",  # statements may carry personal data
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "cluster_name": "chancery",
    }


def as_arguments(values: dict[str, str]) -> tuple[str, ...]:
    """The settings as command-line arguments."""
    return tuple(part for name, value in values.items() for part in ("-c", f"{name}={value}"))
