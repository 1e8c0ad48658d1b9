"""Settings that every service has; read once, in its `main`."""

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """From the environment: `CHANCERY_KAFKA_BOOTSTRAP`, `CHANCERY_DATABASE_URL`, … A secret has no default."""

    model_config = SettingsConfigDict(env_prefix="CHANCERY_", frozen=True, extra="ignore")

    kafka_bootstrap: str
    database_url: SecretStr
    http_host: str = "127.0.0.1"
    http_port: int
    environment: Literal["development", "production"] = "production"
    namespace: str = "live"
    keyring_path: Path | None = None
    operator_token: SecretStr | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
