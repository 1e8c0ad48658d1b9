"""Signatures of requests to AWS (Signature Version 4), as its documentation has them for a POST without a query."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of a role or a user. `session`: of temporary ones."""

    access_key: str
    secret_key: str = field(repr=False)
    session: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """Which service, where. `path`: as it stands in the request's first line, already escaped."""

    host: str
    region: str
    service: str
    path: str = "/"


def signed(credentials: Credentials, target: Target, headers: dict[str, str], body: bytes, now: datetime) -> dict[str, str]:
    """The headers, with host, date, token and signature."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    given = {name.lower(): value for name, value in headers.items()} | {"host": target.host, "x-amz-date": stamp}
    if credentials.session is not None:
        given["x-amz-security-token"] = credentials.session
    names = ";".join(sorted(given))
    lines = "".join(f"{name}:{' '.join(given[name].split())}\n" for name in sorted(given))
    path = quote(target.path, safe="/~")  # all services but S3 escape what is escaped once more
    request = "\n".join(("POST", path, "", lines, names, hashlib.sha256(body).hexdigest()))
    scope = f"{stamp[:8]}/{target.region}/{target.service}/aws4_request"
    text = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    signature = hmac.new(_signing_key(credentials.secret_key, scope), text.encode(), hashlib.sha256).hexdigest()
    given["authorization"] = f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return given


def _signing_key(secret: str, scope: str) -> bytes:
    """Date, region, service, terminator, one after the other."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
