"""What runs in a Chancery stack: which services, with which settings. The supervisor takes this as data."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chancery_local.artifacts import default_cache, embedding_model
from chancery_local.ports import LOOPBACK
from chancery_local.progress import Progress

SERVICES: Mapping[str, str] = {
    "gateway": "chancery_gateway",
    "redaction": "chancery_redaction",
    "retrieval": "chancery_retrieval",
    "cost": "chancery_cost",
    "cost-windows": "chancery_cost.windows",
    "generation": "chancery_generation",
    "validation": "chancery_validation",
    "audit": "chancery_audit",
    "registry": "chancery_registry",
}
"""The module that each service's process runs, by name."""


@dataclass(frozen=True)
class StackAddresses:
    """Where the servers are, and what every service is told."""

    kafka_bootstrap: str
    database_url: str
    home: Path
    operator_token: str
    port: Callable[[str], int]


@dataclass(frozen=True)
class ServiceSpec:
    """One process: how to start it and where it says that it is well."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    port: int | None = None
    health_path: str = "/health"


@dataclass(frozen=True)
class StackDefinition:
    """What to prepare, what to run once, what to keep running."""

    prepare: Callable[[Progress], None]
    provision: Callable[[StackAddresses], ServiceSpec | None]
    services: Callable[[StackAddresses], list[ServiceSpec]]


def chancery_stack() -> StackDefinition:
    """The product's own stack."""
    return StackDefinition(prepare=_prepare, provision=_provision, services=_services)


def _prepare(progress: Progress) -> None:
    embedding_model(default_cache(), progress)


def _provision(addresses: StackAddresses) -> ServiceSpec:
    return ServiceSpec("provision", (sys.executable, "-m", "chancery_cli", "provision"), environment(addresses))


def _services(addresses: StackAddresses) -> list[ServiceSpec]:
    return [
        ServiceSpec(
            name,
            (sys.executable, "-m", module),
            environment(addresses) | {"CHANCERY_HTTP_PORT": str(port)},
            port,
        )
        for name, module in SERVICES.items()
        for port in [addresses.port(name)]
    ]


def environment(addresses: StackAddresses) -> dict[str, str]:
    """The settings of every service; what the caller's environment says of Chancery goes first where it may differ."""
    model = embedding_model(default_cache())
    ours = {
        "CHANCERY_ENVIRONMENT": "development",
        "CHANCERY_HTTP_HOST": LOOPBACK,
        "CHANCERY_KEYRING_PATH": str(addresses.home / "keyring.json"),
        "CHANCERY_AUDIT_URL": f"http://{LOOPBACK}:{addresses.port('audit')}",
        "CHANCERY_AUDIT_ANCHOR_FOLDER": str(addresses.home / "anchors"),
        "CHANCERY_EMBEDDING_MODEL_PATH": str(model.model),
        "CHANCERY_EMBEDDING_TOKENIZER_PATH": str(model.tokenizer),
        # Two cores are shared by all services: one thread each.
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    fixed = {
        "CHANCERY_KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
        "CHANCERY_DATABASE_URL": addresses.database_url,
        "CHANCERY_HOME": str(addresses.home),
        "CHANCERY_OPERATOR_TOKEN": addresses.operator_token,
    }
    return ours | dict(os.environ) | fixed
