"""Which key service it is, from the settings."""

from collections.abc import Awaitable, Callable

import httpx

from chancery_runtime.errors import StartupFailed
from chancery_runtime.keys.envelope import KMS, TRANSIT
from chancery_runtime.keys.kms import KmsKeys, KmsNames
from chancery_runtime.keys.kms_wire import KmsWire
from chancery_runtime.keys.local import LocalKeyring
from chancery_runtime.keys.port import KeyService
from chancery_runtime.keys.sigv4 import Credentials
from chancery_runtime.keys.succession import Succession
from chancery_runtime.keys.transit import TransitAddress, TransitKeys
from chancery_runtime.settings import ServiceSettings

OnClose = Callable[[Callable[[], Awaitable[None]]], None]


def open_keys(settings: ServiceSettings, lineage: str, on_close: OnClose) -> KeyService:
    """Where a keyring is configured beside Vault or KMS, what it wrapped still opens. Raises StartupFailed."""
    local = None if settings.keyring_path is None else LocalKeyring.open(settings.keyring_path, lineage)
    if settings.key_service == "local":
        if local is None:
            raise StartupFailed("no key service: set CHANCERY_KEYRING_PATH to the keyring's file")
        return local
    http = httpx.AsyncClient(timeout=settings.key_service_timeout_s)
    on_close(http.aclose)
    newer, form = (_transit(settings, lineage, http), TRANSIT) if settings.key_service == "vault" else (_kms(settings, lineage, http), KMS)
    return newer if local is None else Succession(newer, form, local)


def _transit(settings: ServiceSettings, lineage: str, http: httpx.AsyncClient) -> KeyService:
    if settings.vault_url is None or settings.vault_token is None:
        raise StartupFailed("Vault as key service needs CHANCERY_VAULT_URL and CHANCERY_VAULT_TOKEN")
    http.base_url = httpx.URL(settings.vault_url)
    http.headers["X-Vault-Token"] = settings.vault_token.get_secret_value()
    if settings.vault_namespace is not None:
        http.headers["X-Vault-Namespace"] = settings.vault_namespace
    return TransitKeys(http, lineage, TransitAddress(settings.vault_mount, settings.key_prefix))


def _kms(settings: ServiceSettings, lineage: str, http: httpx.AsyncClient) -> KeyService:
    region, access, secret = settings.kms_region, settings.kms_access_key, settings.kms_secret_key
    if region is None or access is None or secret is None:
        raise StartupFailed("KMS as key service needs CHANCERY_KMS_REGION, CHANCERY_KMS_ACCESS_KEY and CHANCERY_KMS_SECRET_KEY")
    session = settings.kms_session_token.get_secret_value() if settings.kms_session_token else None
    credentials = Credentials(access.get_secret_value(), secret.get_secret_value(), session)
    wire = KmsWire(http, settings.kms_url or f"https://kms.{region}.amazonaws.com", region, credentials)
    return KmsKeys(wire, lineage, KmsNames(settings.key_prefix, settings.kms_waiting_days))
