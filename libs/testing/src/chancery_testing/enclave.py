"""An enclave that answers: its attestation document by nonce, and the provider simulator's chat completions, over TLS with its own key."""

import asyncio
import base64
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from chancery_testing import nitro
from chancery_testing.provider import Provider, application
from chancery_testing.waiting import eventually


@dataclass
class Enclave:
    """`spoiled` changes a document before it is sent; `key` is the TLS key, `says` the one that its documents name."""

    chain: nitro.Chain
    clock: Callable[[], datetime]
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    says: ec.EllipticCurvePrivateKey | None = None
    changed: dict[str, Any] = field(default_factory=dict)
    spoiled: Callable[[bytes], bytes] = lambda document: document
    as_text: bool = False
    nonces: list[str] = field(default_factory=list)
    provider: Provider = field(default_factory=lambda: Provider(latency_s=0.0))
    base_url: str = ""

    @property
    def attestation_url(self) -> str:
        """Where its documents are."""
        return f"{self.base_url}/attestation"

    def document(self, nonce: bytes) -> bytes:
        """A fresh one."""
        named = nitro.spki(self.says or self.key)
        return self.spoiled(nitro.sign(nitro.fields(self.chain, self.clock(), nonce, named) | self.changed, self.chain.leaf.key))

    def app(self) -> Starlette:
        """The provider's, with the documents."""

        async def attestation(request: Request) -> Response:
            nonce = request.query_params["nonce"]
            self.nonces.append(nonce)
            document = self.document(bytes.fromhex(nonce))
            if self.as_text:
                return Response(base64.b64encode(document), media_type="text/plain")
            return Response(document, media_type="application/octet-stream")

        return Starlette(routes=[Route("/attestation", attestation), Mount("/", application(self.provider))])

    def certificate(self) -> bytes:
        """Self-signed, for this machine's own address, in PEM."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "enclave")])
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        start = self.clock() - timedelta(days=3650)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + timedelta(days=7300))
        return builder.add_extension(address, critical=False).sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)


@asynccontextmanager
async def serving(enclave: Enclave, folder: Path, port: int = 0) -> AsyncIterator[Enclave]:
    """Over TLS, on a port of this machine; its key and certificate are written to `folder`."""
    certificate, key = folder / "enclave.pem", folder / "enclave.key"
    certificate.write_bytes(enclave.certificate())
    key.write_bytes(enclave.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        enclave.app(), log_level="critical", access_log=False, timeout_graceful_shutdown=1, ssl_certfile=certificate, ssl_keyfile=key
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    enclave.base_url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield enclave
    finally:
        server.should_exit = server.force_exit = True
        await running
