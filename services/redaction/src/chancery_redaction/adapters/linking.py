"""Values that move to another subject: sealed anew under its key, under the pseudonym that they have."""

from collections.abc import Sequence
from typing import Any

from chancery_runtime.errors import KeyDestroyed
from chancery_runtime.keys import KeyService, seal, unseal
from chancery_storage import Connection, Queries

from chancery_redaction.adapters.sealed_values import subject_context, value_context
from chancery_redaction.errors import SubjectGone
from chancery_redaction.ports import Scope


class Linking:
    """Inside one transaction; held subjects are not erased before its end."""

    def __init__(self, connection: Connection, queries: Queries, keys: KeyService, scope: Scope) -> None:
        self._connection = connection
        self._queries = queries
        self._keys = keys
        self._scope = scope

    async def must_live(self, subject: str) -> None:
        """Raises SubjectGone."""
        if (await self._hold({subject})).get(subject) is None:
            raise SubjectGone("no such subject in this scope, or it was erased")

    async def move(self, subject: str, digests: Sequence[bytes]) -> None:
        """Those that are still there. A subject that is erased at this moment takes nothing, and its values are gone with it."""
        rows = await self._fetch(self._queries.sealed_by_hash, sorted(digests))
        rows = [row for row in rows if row["subject"] != subject]
        keys = await self._hold({subject} | {row["subject"] for row in rows if row["subject"] is not None}) if rows else {}
        target = keys.get(subject)
        if target is None:
            return
        for row in rows:
            name = value_context(self._scope, row["token"])
            key = await self._own_key(row, name) if row["subject"] is None else keys.get(row["subject"])
            if key is None:
                continue
            sealed = seal(target, unseal(key, row["sealed_value"], name.encode()), name.encode())
            names = self._scope.tenant, self._scope.name, row["token"], row["sealed_value"]
            await self._connection.execute(self._queries.move_value, *names, subject, sealed)

    async def _hold(self, subjects: set[str]) -> dict[str, bytes | None]:
        rows = await self._fetch(self._queries.hold_subjects, sorted(subjects))
        return {row["subject"]: await self._unwrap(row["wrapped_key"], subject_context(self._scope, row["subject"])) for row in rows}

    async def _own_key(self, row: Any, name: str) -> bytes | None:
        return await self._unwrap(row["wrapped_key"], name)

    async def _unwrap(self, wrapped: bytes | None, context: str) -> bytes | None:
        try:
            return None if wrapped is None else await self._keys.unwrap(self._scope.tenant, wrapped, context)
        except KeyDestroyed:
            return None

    async def _fetch(self, query: str, names: Sequence[Any]) -> list[Any]:
        return list(await self._connection.fetch(query, self._scope.tenant, self._scope.name, names))
