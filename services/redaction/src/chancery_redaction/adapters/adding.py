"""New values of the vault, and their subjects: all in one statement where nobody else is at the same ones."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chancery_runtime.errors import KeyDestroyed
from chancery_runtime.keys import KeyService, new_key, seal
from chancery_storage import Connection, Queries

from chancery_redaction.adapters.sealed_values import subject_context, value_context
from chancery_redaction.domain.pseudonyms import token
from chancery_redaction.domain.subjects import Asked, subject_id
from chancery_redaction.errors import SubjectGone, TokensExhausted
from chancery_redaction.ports import Scope

ROUNDS = 24
"""Each goes on to the next name where one is taken, and to the next subject where one was erased."""


@dataclass(frozen=True, slots=True)
class Known:
    """A value that has its pseudonym. No subject: a row of before."""

    token: str
    subject: str | None

    def alone(self, digest: bytes) -> bool:
        """Whether it stands under a subject that it was the first value of, and not with a fuller value."""
        return self.subject is None or any(self.subject == subject_id(digest, life) for life in range(ROUNDS))


class Adding:
    """Of one request. `home`: the subject that all its values go to; by itself each goes to that of its root."""

    def __init__(self, connection: Connection, queries: Queries, keys: KeyService, scope: Scope, home: str | None = None) -> None:
        self._connection = connection
        self._queries = queries
        self._keys = keys
        self._scope = scope
        self._home = home
        self._known: dict[bytes, Known] = {}
        self._attempts: dict[bytes, int] = {}
        self._lives: dict[bytes, int] = {}

    async def add(self, values: Sequence[Asked], known: Mapping[bytes, Known]) -> Mapping[bytes, Known]:
        """The pseudonyms by hash. Raises TokensExhausted, SubjectGone, KeyServiceDown."""
        self._known = dict(known)
        # In the order of the hashes: see `add_values`.
        left = sorted(values, key=lambda one: one.digest)
        for number in range(ROUNDS):
            if number:
                left = await self._survey(left)
            if left:
                await self._add(left, {self._subject(one) for one in left if number or self._settled(one)})
                left = [one for one in left if one.digest not in self._known]
            if not left:
                return self._known
        raise TokensExhausted(left[0].entity_type)

    def _settled(self, one: Asked) -> bool:
        """Whether its subject is there already, as far as this transaction has seen."""
        root = self._known.get(one.root)
        return self._home is not None or (root is not None and root.subject is not None)

    def _subject(self, one: Asked) -> str:
        root = self._known.get(one.root)
        if self._home is not None:
            return self._home
        if root is not None and root.subject is not None:
            return root.subject
        return subject_id(one.root, self._lives.get(one.root, 0))

    def _token(self, one: Asked) -> str:
        return token(one.entity_type, one.digest, self._attempts.get(one.digest, 0))

    async def _survey(self, left: Sequence[Asked]) -> list[Asked]:
        """What another transaction has added meanwhile is known; who found the name taken tries the next one."""
        digests = {one.digest for one in left} | {one.root for one in left}
        names = [self._token(one) for one in left]
        query = self._queries.tokens_by_hash_or_name
        rows = await self._connection.fetch(query, self._scope.tenant, self._scope.name, list(digests), names)
        for root in {one.root for one in left}:
            self._known.pop(root, None)
        self._known |= {row["value_hash"]: Known(row["token"], row["subject"]) for row in rows if row["value_hash"] in digests}
        taken = {row["token"] for row in rows}
        left = [one for one in left if one.digest not in self._known]
        for one in left:
            if self._token(one) in taken:
                self._attempts[one.digest] = self._attempts.get(one.digest, 0) + 1
        return left

    async def _add(self, values: Sequence[Asked], there: set[str]) -> None:
        """Under the keys of the subjects that are there; the others are made."""
        held = await self._hold(there, values) if there else {}
        fresh = {subject: new_key() for subject in sorted({self._subject(one) for one in values}) if subject not in held}
        wrapped = await asyncio.gather(*(self._wrap(subject, key) for subject, key in fresh.items()))
        rows = [self._row(one, (held | fresh)[self._subject(one)]) for one in values]
        names = self._scope.tenant, self._scope.name, list(fresh), wrapped, list(held)
        added = await self._connection.fetch(self._queries.add_values, *names, *(list(column) for column in zip(*rows, strict=True)))
        homes = {one.digest: self._subject(one) for one in values}
        self._known |= {row["value_hash"]: Known(row["token"], homes[row["value_hash"]]) for row in added}

    async def _hold(self, subjects: set[str], values: Sequence[Asked]) -> dict[str, bytes]:
        """Keys of subjects that live. For one that does not, its values begin another life."""
        query = self._queries.hold_subjects
        rows = await self._connection.fetch(query, self._scope.tenant, self._scope.name, sorted(subjects))
        held = {row["subject"]: await self._unwrap(row["subject"], row["wrapped_key"]) for row in rows}
        gone = {subject for subject, key in held.items() if key is None}
        if self._home in gone:
            raise SubjectGone("an erased subject takes no further values")
        for root in {one.root for one in values if self._subject(one) in gone}:
            self._known.pop(root, None)
            self._lives[root] = self._lives.get(root, 0) + 1
        return {subject: key for subject, key in held.items() if key is not None}

    async def _unwrap(self, subject: str, wrapped: bytes | None) -> bytes | None:
        if wrapped is None:
            return None
        try:
            return await self._keys.unwrap(self._scope.tenant, wrapped, subject_context(self._scope, subject))
        except KeyDestroyed:
            return None

    async def _wrap(self, subject: str, key: bytes) -> bytes:
        return await self._keys.wrap(self._scope.tenant, key, subject_context(self._scope, subject))

    def _row(self, one: Asked, key: bytes) -> tuple[str, str, bytes, bytes, str]:
        name = self._token(one)
        sealed = seal(key, one.text.encode(), value_context(self._scope, name).encode())
        return name, one.entity_type, one.digest, sealed, self._subject(one)
