"""Payloads of the `access` topic: who may read the audit trail and govern the registry. The envelope's tenant says whose; `shared`: all."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from chancery_contracts.base import Payload
from chancery_contracts.identifiers import IDENTIFIER_PATTERN

AuditRole = Literal["auditor", "officer", "operator"]
_BY = "Who was authenticated"


class AccessPayload(Payload):
    """A key is granted before it is revoked."""

    key: str = Field(pattern=IDENTIFIER_PATTERN, description="The key's id, which is no secret. The key itself is in no event")

    def record_key(self) -> str:
        """One order a key."""
        return f"access/{self.key}"


class AccessGranted(AccessPayload):
    """Somebody who bears this key may read the trail from now on, as far as the role goes."""

    TYPE: ClassVar[str] = "chancery.access.granted.v1"
    name: str = Field(pattern=IDENTIFIER_PATTERN, description="What the key is called; no personal data")
    role: AuditRole
    matters: tuple[str, ...] | None = Field(default=None, description="None: all; else only what names these and no other")
    excepted: tuple[str, ...] = Field(default=(), description="Matters whose interactions are hidden from it")
    expires_at: datetime | None = None
    by: str = Field(min_length=1, max_length=200, description=_BY)


class RegistryRolesGranted(AccessPayload):
    """Somebody who bears this key has these roles in the registry from now on. Of the trail, `AccessGranted` says what they may read."""

    TYPE: ClassVar[str] = "chancery.access.registry-roles-granted.v1"
    name: str = Field(pattern=IDENTIFIER_PATTERN, description="What the key is called; no personal data")
    roles: tuple[str, ...] = Field(min_length=1, max_length=20)
    expires_at: datetime | None = None
    by: str = Field(min_length=1, max_length=200, description=_BY)


class AccessRevoked(AccessPayload):
    """This key opens nothing any more."""

    TYPE: ClassVar[str] = "chancery.access.revoked.v1"
    by: str = Field(min_length=1, max_length=200, description=_BY)
