"""TLS to one key: each connection's handshake ends in a comparison of the server's public key, before a byte of HTTP is sent."""

import hashlib
import hmac
import ssl
from collections import OrderedDict
from pathlib import Path
from typing import Any

import httpx
from chancery_contracts.bodies import ModelBody
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chancery_generation.errors import AttestationRefused

CLIENTS_KEPT = 64
TLS_OPTION = "tls"
BY_KEY_ALONE = "attested-key"
"""A model's `options.tls`: its certificate is the enclave's own, so that no authority vouches for its name; what is attested is its key."""


def by_key_alone(model: ModelBody) -> bool:
    """Raises AttestationRefused for a word that is not known."""
    option = model.options.get(TLS_OPTION)
    if option not in (None, BY_KEY_ALONE):
        raise AttestationRefused(f"the model's option `{TLS_OPTION}` must be `{BY_KEY_ALONE}` or absent")
    return option is not None


def tls_context(authorities: Path | None, *, key_alone: bool) -> ssl.SSLContext:
    """TLS 1.2 or later. `authorities`: PEM of those that vouch for names; none: the system's."""
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if key_alone:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def pinned_context(key_sha256: str, authorities: Path | None, *, key_alone: bool) -> ssl.SSLContext:
    """`sslobject_class` is the documented place for a class of one's own: asyncio and anyio make their objects by it."""

    class PinnedObject(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            if not hmac.compare_digest(key_of(self.getpeercert(binary_form=True)), key_sha256):
                raise ssl.SSLCertVerificationError("the server's key is not the one that was attested")

    context = tls_context(authorities, key_alone=key_alone)
    context.sslobject_class = PinnedObject
    return context


def key_of(certificate: bytes | None) -> str:
    """SHA-256, in hexadecimal, of a certificate's SubjectPublicKeyInfo. Empty where there is none."""
    if certificate is None:
        return ""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm) as exc:
        raise ssl.SSLCertVerificationError("the server's certificate cannot be read") from exc
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


class TlsOnly(httpx.AsyncHTTPTransport):
    """Without TLS there is no key to compare, so nothing goes out."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.UnsupportedProtocol."""
        if request.url.scheme != "https":
            raise httpx.UnsupportedProtocol("an attested model is reached by https alone", request=request)
        return await super().handle_async_request(request)


class PinnedClients:
    """A client for each attested key. Its connections were all compared with that key when they were made; no proxy, no redirects."""

    def __init__(self, authorities: Path | None, connect_timeout_s: float, max_connections: int) -> None:
        self._authorities = authorities
        self._timeout = httpx.Timeout(None, connect=connect_timeout_s)
        self._limits = httpx.Limits(max_connections=max_connections)
        self._clients: OrderedDict[tuple[str, bool], httpx.AsyncClient] = OrderedDict()

    async def client(self, key_sha256: str, *, key_alone: bool) -> httpx.AsyncClient:
        """The least recently used one is closed when there are too many."""
        wanted = (key_sha256, key_alone)
        client = self._clients.get(wanted)
        if client is None:
            client = self._clients[wanted] = self.over(pinned_context(key_sha256, self._authorities, key_alone=key_alone))
        self._clients.move_to_end(wanted)
        if len(self._clients) > CLIENTS_KEPT:
            await self._clients.popitem(last=False)[1].aclose()
        return client

    def unpinned(self, *, key_alone: bool) -> httpx.AsyncClient:
        """To ask for a document, which proves itself: nothing secret is sent."""
        return self.over(tls_context(self._authorities, key_alone=key_alone))

    def over(self, context: ssl.SSLContext, **more: Any) -> httpx.AsyncClient:
        """A client that reads no environment: a proxy named there would end the TLS that was attested."""
        transport = TlsOnly(verify=context, limits=self._limits, trust_env=False, **more)
        return httpx.AsyncClient(transport=transport, timeout=self._timeout, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        """All of them."""
        while self._clients:
            await self._clients.popitem()[1].aclose()
