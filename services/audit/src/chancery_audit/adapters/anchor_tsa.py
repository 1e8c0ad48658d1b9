"""Anchor: a time-stamp authority (RFC 3161 over HTTP, §3.4), which says that the checkpoint existed by its clock."""

from collections.abc import Sequence
from http import HTTPStatus

import httpx
from chancery_ledger.stamps import StampRefused, check_stamp, stamp_request
from cryptography.x509 import Certificate

from chancery_audit.errors import AnchorDown, AnchorFailed
from chancery_audit.ports import Anchored, AnchorKind

MAX_REPLY_BYTES = 256 * 1024
_HEADERS = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}


class TsaAnchor:
    """The evidence is the reply as it came (DER), which `openssl ts -verify` reads. One that does not hold is not kept."""

    kind: AnchorKind = "tsa"

    def __init__(self, url: str, roots: Sequence[Certificate], http: httpx.AsyncClient) -> None:
        self._url = url
        self._roots = roots
        self._http = http

    async def publish(self, tenant: str, size: int, note: str) -> Anchored:
        """Only the note's SHA-256 leaves the house. Raises AnchorDown; AnchorFailed where the reply does not hold."""
        query, nonce = stamp_request(note)
        reply = await self._post(query)
        try:
            stamp = check_stamp(reply, note, self._roots, nonce)
        except StampRefused as exc:
            raise AnchorFailed(f"the time-stamp authority: {exc}") from exc
        return Anchored(stamp.at, reply)

    async def _post(self, query: bytes) -> bytes:
        reply = bytearray()
        try:
            async with self._http.stream("POST", self._url, content=query, headers=_HEADERS) as response:
                if response.status_code != HTTPStatus.OK:
                    raise AnchorDown(f"the time-stamp authority answers {response.status_code}")
                async for part in response.aiter_bytes():
                    reply += part
                    if len(reply) > MAX_REPLY_BYTES:
                        raise AnchorFailed("the time-stamp authority: its reply is longer than a time stamp")
        except httpx.HTTPError as exc:
            raise AnchorDown(f"the time-stamp authority does not answer ({type(exc).__name__})") from exc
        return bytes(reply)
