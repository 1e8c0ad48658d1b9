"""Fetching from a server that is not trusted: little, in time, from there and nowhere else."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from chancery_cli.errors import CommandFailed

MOST_BYTES = 2_097_152
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Source:
    """One server. Its credentials go nowhere else: a redirect that leaves it is refused."""

    http: httpx.Client
    endpoint: str

    def text(self, path: str, asked: dict[str, str] | None = None) -> str | None:
        """What stands there; none for 404. Raises CommandFailed."""
        found = self._followed(f"{self.endpoint.rstrip('/')}/{path.lstrip('/')}", asked or {})
        if found is None:
            return None
        try:
            return found.decode()
        except UnicodeDecodeError as exc:
            raise CommandFailed(f"{self.endpoint}: /{path} is no text") from exc

    def json(self, path: str, asked: dict[str, str] | None = None) -> dict[str, Any] | None:
        """The object that stands there; none for 404. Raises CommandFailed."""
        text = self.text(path, asked)
        return None if text is None else json_object(text, f"{self.endpoint}: /{path}")

    def _followed(self, url: str, asked: dict[str, str]) -> bytes | None:
        for _ in range(MOST_REDIRECTS + 1):
            status, location, content = self._get(url, asked)
            if status not in _REDIRECTS:
                return _content(self.endpoint, status, content)
            url, asked = self._next(url, location), {}
        raise CommandFailed(f"{self.endpoint} redirects without end")

    def _next(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        if _server(target) != _server(self.endpoint):
            raise CommandFailed(f"{self.endpoint} redirects to {urlsplit(target).hostname}: name that as --endpoint if you trust it")
        return target

    def _get(self, url: str, asked: dict[str, str]) -> tuple[int, str, bytes]:
        content = b""
        try:
            with self.http.stream("GET", url, params=asked or None, follow_redirects=False) as response:
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > MOST_BYTES:
                        raise CommandFailed(f"{self.endpoint} answers with more than {MOST_BYTES} bytes: no model card is so large")
                return response.status_code, response.headers.get("location", ""), content
        except httpx.HTTPError as exc:
            raise CommandFailed(f"{self.endpoint} does not answer: {type(exc).__name__}") from exc
        except httpx.InvalidURL as exc:
            raise CommandFailed(f"{self.endpoint} is no address, or it redirects to none") from exc


def json_object(text: str, where: str) -> dict[str, Any]:
    """Raises CommandFailed where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise CommandFailed(f"{where} is no JSON") from exc
    if not isinstance(found, dict):
        raise CommandFailed(f"{where} is no JSON object")
    return found


def _server(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError as exc:
        raise CommandFailed(f"{url[:100]!r} is no address") from exc


def _content(endpoint: str, status: int, content: bytes) -> bytes | None:
    if status == 404:
        return None
    if status in {401, 403}:
        raise CommandFailed(f"{endpoint} wants to know who asks: set HF_TOKEN or MLFLOW_TRACKING_TOKEN")
    if status != 200:
        raise CommandFailed(f"{endpoint} answers {status}")
    return content
