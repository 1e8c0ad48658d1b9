"""A cloud's KMS (AWS's, and what speaks like it) as a key service.

A version is a KMS key of its own, because KMS destroys keys and not versions: `alias/<prefix>-<lineage>-<tenant>-v<n>`, and without `-v<n>`
the current one. What binds a wrapped key to its place is KMS's encryption context; it stands, readable, in the cloud's log of calls:
tenants, matters, tokens, no values. Destroying schedules a key's deletion: from then on it opens nothing, and after the waiting time it is
gone. Until then the cloud's administrators can take it back.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chancery_runtime.errors import CorruptSeal, KeyDestroyed, KeyServiceDown
from chancery_runtime.keys.envelope import KMS, mark, pack, unpack
from chancery_runtime.keys.kms_wire import KmsRefused, KmsWire
from chancery_runtime.keys.port import Versions

_VERSION = re.compile(r" v(\d{1,9})$")
_GONE = frozenset({"PendingDeletion", "PendingReplicaDeletion"})


@dataclass(frozen=True, slots=True)
class KmsNames:
    """What our aliases begin with, and how long a destroyed key can be taken back."""

    prefix: str = "chancery"
    waiting_days: int = 7


class KmsKeys:
    """Made on first use: needs CreateKey, CreateAlias, UpdateAlias, DescribeKey, Encrypt, Decrypt, ReEncrypt*, GenerateMac,
    ScheduleKeyDeletion."""

    def __init__(self, wire: KmsWire, lineage: str, names: KmsNames | None = None) -> None:
        self._wire = wire
        self._lineage = lineage
        self._names = names or KmsNames()
        self._version_of: dict[str, int] = {}

    async def wrap(self, tenant: str, key: bytes, context: str) -> bytes:
        """`Encrypt`; KMS itself resolves which key is the current one."""
        members = {"KeyId": self._alias(tenant), "Plaintext": _text(key), "EncryptionContext": self._context(tenant, context)}
        try:
            answer = await self._wire.call("Encrypt", members)
        except KmsRefused as exc:
            if exc.code != "NotFoundException":
                raise _later(exc) from exc
            await self._first(tenant)
            answer = await self._call("Encrypt", members)
        return await self._packed(answer)

    async def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """`Decrypt`."""
        version, body = unpack(wrapped, KMS)
        members = {"CiphertextBlob": _text(body), "EncryptionContext": self._context(tenant, context)}
        answer = await self._opened("Decrypt", tenant, version, members)
        return base64.b64decode(answer["Plaintext"])

    async def rewrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """`ReEncrypt`: the data key does not come here."""
        version, body = unpack(wrapped, KMS)
        bound = self._context(tenant, context)
        members = {
            "CiphertextBlob": _text(body), "SourceEncryptionContext": bound, "DestinationEncryptionContext": bound,
            "DestinationKeyId": self._alias(tenant),
        }  # fmt: skip
        return await self._packed(await self._opened("ReEncrypt", tenant, version, members))

    async def derive(self, tenant: str, purpose: str) -> bytes:
        """`GenerateMac` (HMAC-SHA256) under a key that is nobody's: rotating a tenant's key changes no hash."""
        alias = f"alias/{self._names.prefix}-derive"
        members = {"KeyId": alias, "Message": _text(f"{tenant}\0{purpose}".encode()), "MacAlgorithm": "HMAC_SHA_256"}
        try:
            answer = await self._wire.call("GenerateMac", members)
        except KmsRefused as exc:
            if exc.code != "NotFoundException":
                raise _later(exc) from exc
            await self._make(alias, "chancery derive", KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
            answer = await self._call("GenerateMac", members)
        return base64.b64decode(answer["Mac"])

    async def versions(self, tenant: str) -> Versions:
        """The oldest is found by asking for one after the other, downwards."""
        found = await self._describe(self._alias(tenant))
        if found is None:
            return Versions(0, 0, None, mark(KMS, 0), mark(KMS, 0))
        current = oldest = _version(found)
        while oldest > 1 and not await self._destroyed(tenant, oldest - 1):
            oldest -= 1
        made_at = datetime.fromtimestamp(float(found["CreationDate"]), UTC)
        return Versions(current, oldest, made_at, mark(KMS, current), mark(KMS, oldest))

    async def rotate(self, tenant: str) -> Versions:
        """A key, the name of its version, then the name of the current one. Dying after either of the first two leaves the old one current:
        the next order takes up the version that is there. Of two at once one makes it."""
        found = await self._describe(self._alias(tenant))
        if found is None:
            await self._first(tenant)
            return await self.versions(tenant)
        number = _version(found) + 1
        key = await self._make(self._alias(tenant, number), self._describing(tenant, number))
        await self._call("UpdateAlias", {"AliasName": self._alias(tenant), "TargetKeyId": key})
        return await self.versions(tenant)

    async def destroy_before(self, tenant: str, version: int) -> None:
        """The oldest last, so that an order that was cut short is found unfinished."""
        oldest = (await self.versions(tenant)).oldest
        for number in range(version - 1, oldest - 1, -1):
            found = await self._describe(self._alias(tenant, number))
            if found is not None and found["KeyState"] not in _GONE:
                await self._call("ScheduleKeyDeletion", {"KeyId": found["KeyId"], "PendingWindowInDays": self._names.waiting_days})

    def _alias(self, tenant: str, version: int | None = None) -> str:
        return f"alias/{self._names.prefix}-{self._lineage}-{tenant}" + ("" if version is None else f"-v{version}")

    def _describing(self, tenant: str, version: int) -> str:
        return f"chancery {self._lineage} {tenant} v{version}"

    def _context(self, tenant: str, context: str) -> dict[str, str]:
        return {"chancery:tenant": tenant, "chancery:lineage": self._lineage, "chancery:context": context}

    async def _first(self, tenant: str) -> None:
        key = await self._make(self._alias(tenant, 1), self._describing(tenant, 1))
        try:
            await self._wire.call("CreateAlias", {"AliasName": self._alias(tenant), "TargetKeyId": key})
        except KmsRefused as exc:
            if exc.code != "AlreadyExistsException":
                raise _later(exc) from exc

    async def _make(self, alias: str, description: str, **members: object) -> str:
        """The key of this name; one that another process has made meanwhile is the one, and ours goes."""
        found = await self._describe(alias)
        if found is not None:
            return str(found["KeyId"])
        key = str((await self._call("CreateKey", {"Description": description, **members}))["KeyMetadata"]["KeyId"])
        try:
            await self._wire.call("CreateAlias", {"AliasName": alias, "TargetKeyId": key})
        except KmsRefused as exc:
            await self._call("ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": self._names.waiting_days})
            if exc.code != "AlreadyExistsException" or (found := await self._describe(alias)) is None:
                raise _later(exc) from exc
            return str(found["KeyId"])
        return key

    async def _opened(self, operation: str, tenant: str, version: int, members: Mapping[str, object]) -> dict[str, Any]:
        try:
            return await self._wire.call(operation, members)
        except KmsRefused as exc:
            if await self._destroyed(tenant, version):
                raise KeyDestroyed("the version that wrapped this key was destroyed") from exc
            if exc.code in {"InvalidCiphertextException", "IncorrectKeyException"}:
                raise CorruptSeal("KMS does not open this key") from exc
            raise _later(exc) from exc

    async def _destroyed(self, tenant: str, version: int) -> bool:
        """Scheduled, or gone with its name while a later version is there."""
        found = await self._describe(self._alias(tenant, version))
        if found is not None:
            return found["KeyState"] in _GONE
        current = await self._describe(self._alias(tenant))
        return current is not None and 0 < version < _version(current)

    async def _packed(self, answer: dict[str, Any]) -> bytes:
        key = str(answer["KeyId"])
        if key not in self._version_of:
            found = await self._describe(key)
            if found is None:
                raise KeyServiceDown("KMS does not know the key that it has just used")
            self._version_of[key] = _version(found)
        return pack(KMS, self._version_of[key], base64.b64decode(answer["CiphertextBlob"]))

    async def _describe(self, key: str) -> dict[str, Any] | None:
        try:
            return dict((await self._wire.call("DescribeKey", {"KeyId": key}))["KeyMetadata"])
        except KmsRefused as exc:
            if exc.code == "NotFoundException":
                return None
            raise _later(exc) from exc

    async def _call(self, operation: str, members: Mapping[str, object]) -> dict[str, Any]:
        try:
            return await self._wire.call(operation, members)
        except KmsRefused as exc:
            raise _later(exc) from exc


def _version(metadata: dict[str, Any]) -> int:
    found = _VERSION.search(str(metadata.get("Description")))
    if found is None:
        raise KeyServiceDown("a KMS key under one of our names was not made by us")
    return int(found[1])


def _later(exc: KmsRefused) -> KeyServiceDown:
    return KeyServiceDown(f"KMS refuses: {exc.code}")


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
