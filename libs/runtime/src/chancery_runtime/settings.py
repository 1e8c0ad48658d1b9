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
    key_service: Literal["local", "vault", "kms"] = "local"
    keyring_path: Path | None = None
    """Of the local key service. Beside another one: what the keyring wrapped still opens."""
    key_prefix: str = "chancery"
    """What the names of our keys in Vault or KMS begin with."""
    key_service_timeout_s: float = 5.0
    key_grace_s: float = 900.0
    """Old versions are destroyed no sooner than this after a rotation: what was wrapped just before it has been stored by then."""
    vault_url: str | None = None
    vault_token: SecretStr | None = None
    vault_mount: str = "transit"
    vault_namespace: str | None = None
    kms_url: str | None = None
    """Of what speaks like AWS KMS elsewhere; AWS's own by default."""
    kms_region: str | None = None
    kms_access_key: SecretStr | None = None
    kms_secret_key: SecretStr | None = None
    kms_session_token: SecretStr | None = None
    kms_waiting_days: int = 7
    """Between the order to destroy a key and its end KMS waits this long (7 to 30)."""
    operator_token: SecretStr | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
