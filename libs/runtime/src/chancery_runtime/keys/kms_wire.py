"""AWS KMS over HTTP: JSON 1.1, `X-Amz-Target: TrentService.<Operation>`, signed; nothing else of AWS's libraries is needed."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from chancery_runtime.errors import KeyServiceDown
from chancery_runtime.keys.sigv4 import Credentials, Target, signed

CONTENT_TYPE = "application/x-amz-json-1.1"


class KmsRefused(Exception):
    """An error that KMS names, like `NotFoundException`: the adapter decides what it means."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class KmsWire:
    """Calls of one region's KMS, or of what speaks like it at another address."""

    def __init__(
        self, http: httpx.AsyncClient, url: str, region: str, credentials: Credentials,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._http = http
        self._url = url.rstrip("/") + "/"
        address = httpx.URL(url)
        self._target = Target(address.netloc.decode(), region, "kms")
        self._credentials = credentials
        self._clock = clock

    async def call(self, operation: str, members: Mapping[str, object]) -> dict[str, Any]:
        """The answer's members. Raises KmsRefused, and KeyServiceDown for what passes: no answer, too many calls, not allowed."""
        body = json.dumps(members).encode()
        headers = {"content-type": CONTENT_TYPE, "x-amz-target": f"TrentService.{operation}"}
        try:
            response = await self._http.post(
                self._url, content=body, headers=signed(self._credentials, self._target, headers, body, self._clock())
            )
            answer = dict(json.loads(response.content or b"{}") or {})
        except (httpx.HTTPError, ValueError, TypeError) as exc:
            raise KeyServiceDown(f"KMS does not answer: {type(exc).__name__}") from exc
        if response.is_success:
            return answer
        code = str(answer.get("__type", "")).rpartition("#")[2]
        if code in MEANINGFUL:
            raise KmsRefused(code)
        raise KeyServiceDown(f"KMS answers {response.status_code} {code}")


MEANINGFUL = frozenset(
    {
        "NotFoundException", "AlreadyExistsException", "InvalidCiphertextException", "IncorrectKeyException", "KMSInvalidStateException",
        "DisabledException",
    }
)  # fmt: skip
