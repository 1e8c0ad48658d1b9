"""The registry service over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
from chancery_contracts.governance import GovernedKind

from chancery_cli.errors import CommandFailed
from chancery_cli.registry.applying import Guard
from chancery_cli.registry.known import Known
from chancery_cli.registry.naming import KINDS, Named, Thing
from chancery_cli.registry.states import known_of

SHARED = "shared"
Json = dict[str, Any]


class Moved(CommandFailed):
    """Somebody else changed it meanwhile: look again, and decide anew."""


@dataclass
class Registry:
    """One person's view of it. Reads are kept for as long as the command runs: a plan sees each thing once."""

    http: httpx.Client
    _details: dict[Thing, Json | None] = field(default_factory=dict)

    def look(self, thing: Thing) -> Known | None:
        """What planning needs of it; none where there is no such thing."""
        detail = self.detail(thing)
        return None if detail is None else known_of(thing, detail)

    def detail(self, thing: Thing) -> Json | None:
        """Versions, labels, activations and history."""
        if thing not in self._details:
            self._details[thing] = self._read(thing, "", missing_ok=True)
        return self._details[thing]

    def fresh(self) -> "Registry":
        """Without what was read before."""
        return Registry(self.http)

    def body(self, thing: Thing, version: int) -> Json:
        """Of one version."""
        found = self.version(thing, version)
        return dict(found["body"])

    def version(self, thing: Thing, version: int) -> Json:
        """All of one version."""
        return self._read(thing, f"/versions/{version}") or {}

    def live(self, at: datetime, tenant: str, environment: str) -> list[Json]:
        """Everything that is live at a moment, of the tenant and shared."""
        return list((self.get("live", {"tenant": tenant, "at": at.isoformat(), "environment": environment}) or {})["live"])

    def live_of(self, thing: Thing, at: datetime, environment: str) -> Json | None:
        """What of a thing is live at a moment."""
        asked = {"tenant": thing.tenant, "at": at.isoformat(), "environment": environment}
        return self.get(f"{thing.kind}/{quote(thing.name)}/live", asked, missing_ok=True)

    def things(self, tenant: str, kinds: tuple[GovernedKind, ...] = KINDS) -> list[Json]:
        """What a tenant has, kind by kind."""
        found = [(self.get(kind, {"tenant": tenant}) or {}).get("entries", []) for kind in kinds]
        return [one for entries in found for one in entries]

    def find(self, named: Named, tenant: str) -> Thing:
        """The tenant's own thing, else a shared one. Raises CommandFailed where there is none, or more than one."""
        for owner in dict.fromkeys((tenant, SHARED)):
            kinds = KINDS if named.kind is None else (named.kind,)
            found = [one for kind in kinds if self.detail(one := Thing(owner, kind, named.name)) is not None]
            if len(found) > 1:
                raise CommandFailed(f"more than one is called {named.name}: say which of {', '.join(map(str, found))}")
            if found:
                return found[0]
        raise CommandFailed(f"the registry has no {named.kind or 'entry'} {named.name} of {tenant}, and none that is shared")

    def order(self, thing: Thing, path: str, body: Json, guard: Guard | None = None, method: str = "POST") -> int:
        """The thing's new sequence. Raises CommandFailed with the registry's own words, Moved for a conflict."""
        headers = {} if guard is None else {"If-Match": f'"{guard.sequence}"', "Idempotency-Key": guard.key}
        where = f"/v1/registry/{thing.kind}/{quote(thing.name)}/{path}"
        stated = {key: value for key, value in body.items() if value is not None} if method == "POST" else body
        response = self._ask(method, where, params={"tenant": thing.tenant}, json=stated, headers=headers)
        self._details.pop(thing, None)
        return int(_checked(response).json()["sequence"])

    def _read(self, thing: Thing, path: str, *, missing_ok: bool = False) -> Json | None:
        return self.get(f"{thing.kind}/{quote(thing.name)}{path}", {"tenant": thing.tenant}, missing_ok=missing_ok)

    def get(self, path: str, asked: Mapping[str, str], *, missing_ok: bool = False) -> Json | None:
        """The answer; none for 404 where that is no surprise. Raises CommandFailed."""
        response = self._ask("GET", f"/v1/registry/{path}", params=dict(asked))
        return None if missing_ok and response.status_code == 404 else dict(_checked(response).json())

    def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            return self.http.request(method, path, **given)
        except httpx.HTTPError as exc:
            raise CommandFailed("the registry service does not answer: see `chancery status`") from exc


def _checked(response: httpx.Response) -> httpx.Response:
    if not response.is_error:
        return response
    problem = response.json() if "json" in response.headers.get("content-type", "") else {}
    fields = ", ".join(str(one.get("pointer", "")).strip("/") for one in problem.get("errors", ()) if isinstance(one, dict))
    words = f"registry: {problem.get('title', response.status_code)}. {problem.get('detail', '')} {fields}".strip()
    raise (Moved if response.status_code in {409, 412} else CommandFailed)(words)
