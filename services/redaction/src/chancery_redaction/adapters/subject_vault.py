"""The vault as a store of an order about a person: who it is by pseudonym, then the values, and last the destruction of the keys."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from chancery_contracts.event import Clock
from chancery_contracts.subjects import Content, Phase, StoreResult, TokenAt, result_state
from chancery_runtime.errors import CorruptSeal
from chancery_runtime.keys import KeyService
from chancery_runtime.subjects import Sought, SubjectStore
from chancery_storage import Connection, Database, Queries

from chancery_redaction.adapters.looking_up import FoundSubject, subjects_of
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.domain.spellings import plain
from chancery_redaction.ports import Scope

log = structlog.get_logger()
STORE = "redaction.vault"
_MATTER = "matter:"


@dataclass(frozen=True, slots=True)
class FoundInVault:
    """Subjects and, for an export, their values."""

    subjects: tuple[FoundSubject, ...]
    contents: tuple[Content, ...] = ()
    unreadable: int = 0


class SubjectVault(SubjectStore):
    """Port `SubjectStore`."""

    phases: frozenset[Phase] = frozenset({"resolve", "destroy"})

    def __init__(self, database: Database, queries: Queries, keys: KeyService, clock: Clock) -> None:
        self._database = database
        self._queries = queries
        self._keys = keys
        self._clock = clock

    async def look(self, sought: Sought) -> FoundInVault:
        """By keyed hash, over all scopes of the tenant. Raises KeyServiceDown."""
        subjects = tuple(await subjects_of(self._database, self._queries, self._keys, sought.tenant, sought.identifiers.values))
        if not sought.exporting:
            return FoundInVault(subjects)
        contents: list[Content] = []
        unreadable = 0
        for one in subjects:
            values, corrupt = await self._values(Scope(sought.tenant, one.scope), one.tokens)
            unreadable += corrupt
            contents += [Content(where=one.scope, member=token, text=plain(value)) for token, value in values.items()]
        return FoundInVault(subjects, tuple(contents), unreadable)

    async def _values(self, scope: Scope, tokens: Sequence[str]) -> tuple[Mapping[str, str], int]:
        """One by one, so that a value that does not open hides no other."""
        found: dict[str, str] = {}
        corrupt = 0
        async with self._database.reading() as connection:
            vault = PostgresVault(connection, self._queries, self._keys)
            for token in tokens:
                try:
                    found |= await vault.values(scope, [token])
                except CorruptSeal:
                    log.error("vault_corrupt", tenant=scope.tenant, scope=scope.name, token=token)
                    corrupt += 1
        return found, corrupt

    async def act(self, sought: Sought, found: FoundInVault, connection: Connection) -> Sequence[StoreResult]:
        """Keys go in the phase `destroy` alone, when every other store has answered."""
        destroying = sought.erasing and sought.phase == "destroy"
        free = [one for one in found.subjects if not sought.held(_matter(one.scope))]
        erased = await self._forget(sought, free, connection) if destroying else 0
        tokens = sum(len(one.tokens) for one in found.subjects)
        left = tokens - sum(len(one.tokens) for one in free) if destroying else 0
        shown = free if destroying else found.subjects
        return [
            StoreResult(
                store=STORE, state=result_state(tokens, erased, left, erasing=destroying), found=tokens, erased=erased, left=left,
                unreadable=found.unreadable, places=tuple(place for one in shown for place in _places(one)),
                matters=tuple(sorted({name for one in found.subjects if (name := _matter(one.scope)) is not None})),
                contents=found.contents,
                tokens=tuple(TokenAt(scope=one.scope, token=token) for one in found.subjects for token in one.tokens),
            )
        ]  # fmt: skip

    async def _forget(self, sought: Sought, subjects: Sequence[FoundSubject], connection: Connection) -> int:
        by_scope: dict[str, list[str]] = defaultdict(list)
        for one in subjects:
            by_scope[one.scope].append(one.subject)
        vault, erased = PostgresVault(connection, self._queries, self._keys), 0
        for scope in sorted(by_scope):
            erased += await vault.forget(Scope(sought.tenant, scope), by_scope[scope])
        names = [place.partition("/")[::2] for one in subjects for place in _places(one)]
        await connection.execute(
            self._queries.note_erased,
            sought.tenant,
            [scope for scope, _ in names],
            [name for _, name in names],
            self._clock(),
            sought.order,
        )
        return erased


def _places(one: FoundSubject) -> list[str]:
    """The subject's id, and each pseudonym: a backup may have them under another subject."""
    return [f"{one.scope}/{name}" for name in (one.subject, *one.tokens)]


def _matter(scope: str) -> str | None:
    return scope.removeprefix(_MATTER) if scope.startswith(_MATTER) else None
