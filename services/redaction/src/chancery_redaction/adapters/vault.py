"""The vault in PostgreSQL: values sealed by AES-GCM under their data subject's key, which the tenant's key wraps."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from chancery_runtime.errors import KeyDestroyed
from chancery_runtime.keys import CachedKeys, KeyService, unseal
from chancery_storage import Connection, Queries

from chancery_redaction.adapters.adding import Adding, Known
from chancery_redaction.adapters.linking import Linking
from chancery_redaction.adapters.sealed_values import subject_context, value_context
from chancery_redaction.domain.masking import ERASED
from chancery_redaction.domain.pseudonyms import value_hash
from chancery_redaction.domain.subjects import Asked, with_roots
from chancery_redaction.ports import Scope, Wanted


class PostgresVault:
    """For one transaction, and one scope: who writes to two takes them in the order of their names."""

    def __init__(self, connection: Connection, queries: Queries, keys: KeyService) -> None:
        self._connection = connection
        self._queries = queries
        self._keys = keys

    async def tokens(self, scope: Scope, values: Sequence[Wanted]) -> Mapping[tuple[str, str], str]:
        """The pseudonym of each (type, text), made if new. Two that add the same values wait for each other, and never in a ring."""
        if not values:
            return {}
        asked = await self._asked(scope, values)
        rows = await self._known(scope, {one.digest for one in asked} | {one.root for one in asked})
        known = {row["value_hash"]: Known(row["token"], row["subject"]) for row in rows}
        missing = {one.digest: one for one in asked if one.digest not in known}
        if missing:
            known |= await Adding(self._connection, self._queries, self._keys, scope).add(list(missing.values()), known)
        for subject, mentions in _strays(asked, known).items():
            await Linking(self._connection, self._queries, self._keys, scope).move(subject, mentions)
        return {(one.entity_type, one.text): known[one.digest].token for one in asked}

    async def _asked(self, scope: Scope, values: Sequence[Wanted]) -> list[Asked]:
        key = await self._keys.derive(scope.tenant, "pseudonym")
        return with_roots([(one.entity_type, one.text, one.of) for one in values], partial(value_hash, key, scope.name))

    async def _known(self, scope: Scope, digests: Iterable[bytes]) -> list[Any]:
        return list(await self._connection.fetch(self._queries.tokens_by_hash, scope.tenant, scope.name, list(digests)))

    async def link(self, scope: Scope, subject: str, values: Sequence[Wanted]) -> Mapping[tuple[str, str], str]:
        """Makes further values a subject's own (an e-mail address, an IBAN of the same person), new or not; their pseudonyms stay what
        they are. Raises SubjectGone."""
        if not values:
            return {}
        linking = Linking(self._connection, self._queries, self._keys, scope)
        await linking.must_live(subject)
        asked = await self._asked(scope, values)
        rows = await self._known(scope, {one.digest for one in asked})
        known = {row["value_hash"]: Known(row["token"], row["subject"]) for row in rows}
        missing = {one.digest: one for one in asked if one.digest not in known}
        if missing:
            known |= await Adding(self._connection, self._queries, self._keys, scope, home=subject).add(list(missing.values()), known)
        await linking.move(subject, [digest for digest, one in known.items() if one.subject != subject])
        return {(one.entity_type, one.text): known[one.digest].token for one in asked}

    async def forget(self, scope: Scope, subjects: Sequence[str]) -> int:
        """Destroys the keys of subjects, for ever. How many pseudonyms lost their value; again, and it is none.

        Unwrapped keys leave the memory of this process, if it has any, and that of others when their time is up.
        """
        names = [scope.tenant, scope.name, sorted(set(subjects))]
        await self._connection.execute(self._queries.erase_subjects, *names)
        erased = await self._connection.fetch(self._queries.erase_values, *names)
        own = await self._connection.fetch(self._queries.erase_own_keys, *names)
        if isinstance(self._keys, CachedKeys):
            gone = {subject_context(scope, one) for one in subjects} | {value_context(scope, row["token"]) for row in own}
            self._keys.forget(scope.tenant, frozenset(gone))
        return len(erased) + len(own)

    async def values(self, scope: Scope, tokens: Sequence[str]) -> Mapping[str, str]:
        """The value of each known pseudonym; ERASED where its key was destroyed. Raises KeyServiceDown, CorruptSeal."""
        if not tokens:
            return {}
        rows = await self._connection.fetch(self._queries.values_by_token, scope.tenant, scope.name, list(tokens))
        return {row["token"]: await self._open(scope, row) for row in rows}

    async def _open(self, scope: Scope, row: Any) -> str:
        own = row["subject"] is None
        wrapped = row["wrapped_key"] if own else row["subject_key"]
        if wrapped is None:
            return ERASED
        name = value_context(scope, row["token"])
        try:
            key = await self._keys.unwrap(scope.tenant, wrapped, name if own else subject_context(scope, row["subject"]))
        except KeyDestroyed:
            return ERASED
        return unseal(key, row["sealed_value"], name.encode()).decode()


def _strays(asked: Sequence[Asked], known: Mapping[bytes, Known]) -> dict[str, list[bytes]]:
    """Values that once came alone, and now stand for a fuller one: to the subject of that. What belongs to another fuller value stays."""
    strays: dict[str, list[bytes]] = {}
    for one in asked:
        if one.root is one.digest or one.root not in known:
            continue
        target = known[one.root].subject
        if target is not None and known[one.digest].subject != target and known[one.digest].alone(one.digest):
            strays.setdefault(target, []).append(one.digest)
    return strays
