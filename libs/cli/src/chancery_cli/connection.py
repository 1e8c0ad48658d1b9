"""Where the stack is: from the environment, else from the embedded stack's home."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import httpx
from chancery_bus import KafkaAddress
from chancery_local import SERVICES, StackState
from chancery_local import status as stack_status

from chancery_cli.errors import CommandFailed


def home() -> Path:
    """The embedded stack's folder: `CHANCERY_HOME`, else `.chancery` here."""
    return Path(os.environ.get("CHANCERY_HOME", ".chancery")).resolve()


@dataclass(frozen=True)
class Connection:
    """Addresses of a running stack."""

    kafka_bootstrap: str
    urls: dict[str, str]
    operator_token: str
    api_keys: dict[str, str]
    home: Path | None = None
    """The folder of the local stack; none where the environment names another audit service."""

    @property
    def kafka(self) -> KafkaAddress:
        """For the bus."""
        return KafkaAddress(self.kafka_bootstrap, client_id="chancery-cli")

    def operator(self, service: str) -> httpx.Client:
        """An HTTP client of a service's operator interface."""
        headers = {"Authorization": f"Bearer {self.operator_token}"}
        return httpx.Client(base_url=self.urls[service], headers=headers, timeout=30)


def connect(folder: Path | None = None) -> Connection:
    """Raises CommandFailed where nothing runs and nothing is configured."""
    folder = folder or home()
    described = _described(folder)
    bootstrap = os.environ.get("CHANCERY_KAFKA_BOOTSTRAP") or (described.kafka_bootstrap if described else "")
    if not bootstrap:
        raise CommandFailed("no stack is running here: start one with `chancery up`, or set CHANCERY_KAFKA_BOOTSTRAP")
    urls = {name: os.environ.get(f"CHANCERY_{name.upper().replace('-', '_')}_URL", "") for name in SERVICES}
    ports = described.ports if described else {}
    urls = {name: url or (f"http://127.0.0.1:{ports[name]}" if name in ports else "") for name, url in urls.items()}
    elsewhere = "CHANCERY_AUDIT_URL" in os.environ
    return Connection(bootstrap, urls, operator_token(folder), api_keys(folder), folder if described and not elsewhere else None)


def operator_token(folder: Path) -> str:
    """The operators' token: `CHANCERY_OPERATOR_TOKEN`, else the home's; empty if there is none."""
    path = folder / "operator.token"
    return os.environ.get("CHANCERY_OPERATOR_TOKEN") or (path.read_text("utf-8").strip() if path.is_file() else "")


def api_keys(folder: Path) -> dict[str, str]:
    """The tenants' API keys that `provision` made, by tenant."""
    path = folder / "api-keys.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def _described(folder: Path) -> StackState | None:
    return stack_status(folder)
