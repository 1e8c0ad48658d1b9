"""The registry service over HTTP."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
from chancery_contracts.governance import GovernedKind, RegistryEnvironment

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
    environment: RegistryEnvironment = "production"
    _details: dict[Thing, Json | None] = field(default_factory=dict)

    def look(self, thing: Thing) -> Known | None:
        """What planning needs of it; none where there is no such thing."""
        detail = self.detail(thing)
        return None if detail is None else known_of(thing, detail, self.environment, datetime.now(UTC))

    def detail(self, thing: Thing) -> Json | None:
        """Versions, labels, activations and history."""
        if thing not in self._details:
            self._details[thing] = self._read(thing, "", missing_ok=True)
        return self._details[thing]

    def fresh(self) -> "Registry":
        """Without what was read before."""
        return Registry(self.http, self.environment)

    def body(self, thing: Thing, version: int) -> Json:
        """Of one version."""
        found = self.version(thing, version)
        return dict(found["body"])

    def version(self, thing: Thing, version: int) -> Json:
        """All of one version."""
        return self._read(thing, f"/versions/{version}") or {}

    def live(self, at: datetime, tenant: str) -> Json:
        """Everything that is live at a moment, of the tenant and shared."""
        return self.get("live", {"tenant": tenant, "at": at.isoformat(), "environment": self.environment}) or {}

    def live_of(self, thing: Thing, at: datetime) -> Json | None:
        """What of a thing is live at a moment, and since when."""
        asked = {"tenant": thing.tenant, "at": at.isoformat(), "environment": self.environment}
        return self.get(f"{thing.kind}/{quote(thing.name)}/live", asked, missing_ok=True)

    def things(self, tenant: str, kinds: tuple[GovernedKind, ...] = KINDS) -> list[tuple[Thing, Json]]:
        """What a tenant has, kind by kind."""
        found = ((kind, one) for kind in kinds for page in self._pages(kind, tenant) for one in page)
        return [(Thing(tenant, kind, one["name"]), one) for kind, one in found if one["newest"] is not None]

    def _pages(self, kind: GovernedKind, tenant: str) -> Iterator[list[Json]]:
        after: str | None = ""
        while after is not None:
            found = self.get(kind, {"tenant": tenant} | ({"after": after} if after else {})) or {}
            yield found["things"]
            after = found["next"]

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

    def order(self, thing: Thing, path: str, body: Json, guard: Guard) -> int:
        """The thing's new sequence. Raises CommandFailed with the registry's own words, Moved for a conflict."""
        return int(self.place(thing, path, body, guard)["sequence"])

    def place(self, thing: Thing, path: str, body: Json, guard: Guard | None = None) -> Json:
        """An order to POST, and what became of it. Raises CommandFailed with the registry's own words, Moved for a conflict."""
        headers = {} if guard is None else {"If-Match": f'"{guard.sequence}"', "Idempotency-Key": guard.key}
        return self._change("POST", thing, path, json={key: value for key, value in body.items() if value is not None}, headers=headers)

    def point(self, thing: Thing, label: str, version: int | None) -> Json:
        """Points a label to a version; none takes it away."""
        return self._change("PUT", thing, f"labels/{quote(label)}", json={"version": version})

    def _change(self, method: str, thing: Thing, path: str, **given: Any) -> Json:
        where = f"/v1/registry/{thing.kind}/{quote(thing.name)}/{path}"
        response = self._ask(method, where, params={"tenant": thing.tenant}, **given)
        self._details.pop(thing, None)
        return dict(_checked(response).json())

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
    faults = "; ".join(f"{one.get('pointer', '')} {one.get('why', '')}".strip() for one in problem.get("errors", ()))
    words = f"registry: {problem.get('title', response.status_code)}. {problem.get('detail', '')} {faults}".strip()
    raise (Moved if response.status_code in {409, 412} else CommandFailed)(words)
