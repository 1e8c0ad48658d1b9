"""What AWS KMS answers on the wire, as far as key services need it; it checks signatures and the state of keys.

The same suite has run against moto's KMS (`CHANCERY_TEST_KMS`), which checks neither.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ARN = "arn:aws:kms:eu-west-1:000000000000:"


class KmsFault(Exception):
    """By its name."""


@dataclass
class KmsKey:
    """One key of KMS."""

    id: str
    description: str
    material: bytes = field(default_factory=lambda: os.urandom(32))
    state: str = "Enabled"
    made: float = field(default_factory=time.time)

    def metadata(self) -> dict[str, Any]:
        """As `DescribeKey` tells it."""
        return {"KeyId": self.id, "Arn": f"{ARN}key/{self.id}", "Description": self.description, "KeyState": self.state,
                "CreationDate": self.made, "Enabled": self.state == "Enabled"}  # fmt: skip


@dataclass
class KmsFake:
    """One account and region, one user."""

    access_key: str = "AKIDTEST"
    secret_key: str = "secret-of-a-test"
    keys: dict[str, KmsKey] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    throttled: bool = False
    calls: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """To be served, or called by `httpx.ASGITransport`."""
        return Starlette(routes=[Route("/", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> JSONResponse:
        operation = request.headers["x-amz-target"].removeprefix("TrentService.")
        self.calls.append(operation)
        body = await request.body()
        try:
            if self.throttled:
                raise KmsFault("ThrottlingException")
            self._check_signature(request, body)
            return JSONResponse(getattr(self, f"_{operation}")(json.loads(body)))
        except KmsFault as exc:
            return JSONResponse({"__type": f"com.amazonaws.kms#{exc}", "message": "refused"}, 400)

    def _check_signature(self, request: Request, body: bytes) -> None:
        """Signature Version 4, step by step from its documentation; the signer under test is another implementation."""
        algorithm, _, rest = request.headers["authorization"].partition(" ")
        parts = dict(one.strip().split("=", 1) for one in rest.split(","))
        access_key, date, region, service, terminator = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        if not {"host", "x-amz-date", "x-amz-target"} <= set(names) or access_key != self.access_key or algorithm != "AWS4-HMAC-SHA256":
            raise KmsFault("IncompleteSignatureException")
        canonical = "POST\n/\n\n" + "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
        canonical += f"\n{parts['SignedHeaders']}\n{hashlib.sha256(body).hexdigest()}"
        to_sign = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{date}/{region}/{service}/{terminator}\n"
        to_sign += hashlib.sha256(canonical.encode()).hexdigest()
        key = ("AWS4" + self.secret_key).encode()
        for step in (date, region, service, terminator):
            key = hmac.digest(key, step.encode(), "sha256")
        if not hmac.compare_digest(hmac.digest(key, to_sign.encode(), "sha256").hex(), parts["Signature"]):
            raise KmsFault("InvalidSignatureException")

    def _found(self, name: str) -> KmsKey:
        key = self.keys.get(self.aliases.get(name, name).rpartition("/")[2])
        if key is None:
            raise KmsFault("NotFoundException")
        return key

    def _usable(self, name: str) -> KmsKey:
        key = self._found(name)
        if key.state == "Disabled":
            raise KmsFault("DisabledException")
        if key.state != "Enabled":
            raise KmsFault("KMSInvalidStateException")
        return key

    def _CreateKey(self, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        key = KmsKey(str(uuid4()), members.get("Description", ""))
        self.keys[key.id] = key
        return {"KeyMetadata": key.metadata()}

    def _DescribeKey(self, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"KeyMetadata": self._found(members["KeyId"]).metadata()}

    def _CreateAlias(self, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        if members["AliasName"] in self.aliases:
            raise KmsFault("AlreadyExistsException")
        self.aliases[members["AliasName"]] = self._found(members["TargetKeyId"]).id
        return {}

    def _UpdateAlias(self, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._found(members["AliasName"])
        self.aliases[members["AliasName"]] = self._usable(members["TargetKeyId"]).id
        return {}

    def _ScheduleKeyDeletion(self, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._usable(members["KeyId"]).state = "PendingDeletion"
        return {}

    def delete(self, key: KmsKey) -> None:
        """The waiting time is over: the key goes, and its aliases with it."""
        del self.keys[key.id]
        self.aliases = {alias: name for alias, name in self.aliases.items() if name != key.id}

    def _Encrypt(self, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        key, nonce = self._usable(members["KeyId"]), os.urandom(12)
        sealed = AESGCM(key.material).encrypt(nonce, base64.b64decode(members["Plaintext"]), _context(members.get("EncryptionContext")))
        blob = key.id.encode() + nonce + sealed
        return {"CiphertextBlob": base64.b64encode(blob).decode(), "KeyId": f"{ARN}key/{key.id}"}

    def _Decrypt(self, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        plaintext, key = self._opened(members, members.get("EncryptionContext"))
        return {"Plaintext": base64.b64encode(plaintext).decode(), "KeyId": f"{ARN}key/{key.id}"}

    def _ReEncrypt(self, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        plaintext, _ = self._opened(members, members.get("SourceEncryptionContext"))
        there = {"KeyId": members["DestinationKeyId"], "EncryptionContext": members.get("DestinationEncryptionContext")}
        return self._Encrypt(there | {"Plaintext": base64.b64encode(plaintext).decode()})

    def _opened(self, members: Mapping[str, Any], context: Mapping[str, str] | None) -> tuple[bytes, KmsKey]:
        blob = base64.b64decode(members["CiphertextBlob"])
        try:
            key = self._usable(blob[:36].decode())
            return AESGCM(key.material).decrypt(blob[36:48], blob[48:], _context(context)), key
        except (InvalidTag, ValueError) as exc:
            raise KmsFault("InvalidCiphertextException") from exc

    def _GenerateMac(self, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        key = self._usable(members["KeyId"])
        return {"Mac": base64.b64encode(hmac.digest(key.material, base64.b64decode(members["Message"]), "sha256")).decode()}


def _context(context: Mapping[str, str] | None) -> bytes:
    return json.dumps(dict(context or {}), sort_keys=True).encode()
