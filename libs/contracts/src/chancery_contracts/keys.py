"""Payloads of the `privacy` topic about tenants' keys: versions come, and are destroyed."""

from typing import ClassVar

from pydantic import Field

from chancery_contracts.identifiers import IDENTIFIER_PATTERN
from chancery_contracts.privacy import PrivacyPayload


class KeyRotated(PrivacyPayload):
    """A tenant's key has a new version in one lineage; what is wrapped from now on is wrapped by it."""

    TYPE: ClassVar[str] = "chancery.privacy.key-rotated.v1"
    lineage: str = Field(pattern=IDENTIFIER_PATTERN, description="The service whose keys it wraps: `redaction`, `audit`")
    version: int = Field(ge=1)
    by: str = Field(min_length=1, max_length=200, description="Who was authenticated")


class KeyVersionsDestroyed(PrivacyPayload):
    """Versions below this one are being destroyed: copies of keys that they wrapped open nothing any more, wherever they lie."""

    TYPE: ClassVar[str] = "chancery.privacy.key-versions-destroyed.v1"
    lineage: str = Field(pattern=IDENTIFIER_PATTERN, description="The service whose keys it wraps: `redaction`, `audit`")
    below: int = Field(ge=1)
    by: str = Field(min_length=1, max_length=200, description="Who was authenticated")
