"""Keys that open the trail, granted and revoked with the events that tell of it. Looked up at every request: a revoked one is dead."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chancery_contracts.access import AccessGranted, AccessPayload, AccessRevoked, AuditRole, RegistryRolesGranted
from chancery_contracts.catalogue import SHARED
from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.identifiers import derived_id
from chancery_runtime.api_keys import ApiKey, new_api_key, read_api_key
from chancery_runtime.principals import ELSEWHERE, Principal, Walls
from chancery_runtime.problems import Problem
from chancery_storage import Connection, Database, Queries
from chancery_storage.journal import dump_events


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key is for. `tenants`, `matters` none: all. `role` none: nothing of the trail, roles of the registry alone."""

    name: str
    role: AuditRole | None
    tenants: Sequence[str] | None
    matters: Sequence[str] | None = None
    excepted: Sequence[str] = ()
    expires_at: datetime | None = None
    registry_roles: Sequence[str] = ()


class AccessKeys:
    """The service's own keys."""

    def __init__(self, database: Database, queries: Queries, clock: Clock) -> None:
        self._database = database
        self._queries = queries
        self._clock = clock

    async def principal(self, text: str) -> Principal | None:
        """A way to authenticate. Raises Problem: the same for a key that never was, is over, or was revoked."""
        presented = read_api_key(text)
        if presented is None:
            return None
        async with self._database.statement() as connection:
            row = await connection.fetchrow(self._queries.key, presented.id)
        if row is None or not presented.fits(row["secret_sha256"]) or not self._in_force(row):
            raise Problem(401, "Not authenticated", "The key is not known, has expired, or was revoked.")
        walls = Walls(_names(row["matters"]), frozenset(row["excepted"]))
        in_registry = frozenset(row["registry_roles"])
        return Principal(f"{row['name']}/{row['key']}", row["role"] or ELSEWHERE, _names(row["tenants"]), walls, in_registry)

    def _in_force(self, row: Any) -> bool:
        return row["revoked_at"] is None and (row["expires_at"] is None or self._clock() < row["expires_at"])

    async def grant(self, grant: Grant, by: str) -> ApiKey:
        """A new key. Its text is here and nowhere else."""
        key = new_api_key()
        async with self._database.transaction() as connection:
            await connection.execute(
                self._queries.add_key, key.id, grant.name, grant.role, grant.tenants, grant.matters, list(grant.excepted), key.digest, by,
                self._clock(), grant.expires_at, list(grant.registry_roles),
            )  # fmt: skip
            for data in _told(grant, key.id, by):
                await self._tell(connection, grant.tenants, data)
        return key

    async def revoke(self, key: str, by: str) -> bool:
        """False where there is none that is in force."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(self._queries.revoke_key, key, by, self._clock())
            if row is not None:
                await self._tell(connection, row["tenants"], AccessRevoked(key=key, by=by))
        return row is not None

    async def keys(self, tenant: str | None) -> list[Any]:
        """Rows, without the secrets' hashes shown by anybody."""
        async with self._database.statement() as connection:
            return list(await connection.fetch(self._queries.keys_of, tenant))

    async def _tell(self, connection: Connection, tenants: Sequence[str] | None, data: AccessPayload) -> None:
        """On the trail of each tenant that it concerns; on the shared one where it concerns all. Published after, at least once."""
        events: list[AnyEvent] = [
            Event(
                id=derived_id(f"{tenant}/{data.key}/{data.TYPE}", "audit"), source="chancery/audit", time=self._clock(), tenant=tenant,
                data=data,
            )
            for tenant in ([SHARED] if tenants is None else sorted(set(tenants)))
        ]  # fmt: skip
        await connection.execute(self._queries.add_to_outbox, dump_events(events))


def _told(grant: Grant, key: str, by: str) -> Iterator[AccessPayload]:
    if grant.role is not None:
        yield AccessGranted(
            key=key, name=grant.name, role=grant.role, matters=None if grant.matters is None else tuple(grant.matters),
            excepted=tuple(grant.excepted), expires_at=grant.expires_at, by=by,
        )  # fmt: skip
    if grant.registry_roles:
        yield RegistryRolesGranted(key=key, name=grant.name, roles=tuple(grant.registry_roles), expires_at=grant.expires_at, by=by)


def _names(found: Sequence[str] | None) -> frozenset[str] | None:
    return None if found is None else frozenset(found)
