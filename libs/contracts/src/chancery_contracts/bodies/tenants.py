"""Organisations."""

from chancery_contracts.base import Part


class TenantBody(Part):
    """An organisation. API keys are held as SHA-256 in hexadecimal (they are 256-bit random, so no salt is needed)."""

    display_name: str
    api_key_sha256: tuple[str, ...] = ()
