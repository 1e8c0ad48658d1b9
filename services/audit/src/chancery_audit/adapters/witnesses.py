"""Asks witnesses to cosign what was signed (C2SP tlog-witness). One that is away holds up nobody."""

import asyncio
from dataclasses import dataclass

import httpx
import structlog
from chancery_ledger import WITNESS_KINDS, AddCheckpoint, LedgerError, Malformed, open_note, verifier_key
from chancery_ledger.base64s import decimal
from chancery_ledger.notes import VerifierKey
from chancery_storage import Database, Queries

from chancery_audit.adapters.proving import PostgresLog
from chancery_audit.adapters.viewing import Views
from chancery_audit.domain.views import View

log = structlog.get_logger()


@dataclass(frozen=True)
class Witness:
    """Where it is, and whose signatures count."""

    url: str
    verifier: VerifierKey

    @classmethod
    def parse(cls, text: str) -> "Witness":
        """From `<url> <verifier key>`. Raises Malformed."""
        url, separator, key = text.partition(" ")
        if not separator or not url.startswith(("http://", "https://")):
            raise Malformed("a witness is given as `<url> <verifier key>`")
        return cls(url.rstrip("/"), verifier_key(key.strip(), WITNESS_KINDS))


class Cosigning:
    """Keeps the lines that hold."""

    def __init__(self, database: Database, queries: Queries, http: httpx.AsyncClient, witnesses: list[Witness]) -> None:
        self._database = database
        self._queries = queries
        self._proofs = PostgresLog(Views(database, queries, None), queries)
        self._http = http
        self._witnesses = witnesses

    async def run(self, every_s: float) -> None:
        """Without end."""
        while True:
            await self.ask_all()
            await asyncio.sleep(every_s)

    async def ask_all(self) -> int:
        """One round; how many cosignatures were new."""
        return sum(await asyncio.gather(*(self._ask(witness) for witness in self._witnesses)))

    async def _ask(self, witness: Witness) -> int:
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.uncosigned, witness.verifier.name)
        done = 0
        for row in rows:
            try:
                done += await self._cosign(witness, row["tenant"], row["size"], row["note"], row["cosigned"])
            except (httpx.HTTPError, LedgerError, IndexError) as exc:
                log.warning(
                    "witness_failed", witness=witness.verifier.name, tenant=row["tenant"], error=type(exc).__name__, reason=str(exc)
                )
        return done

    async def _cosign(self, witness: Witness, tenant: str, size: int, note: str, old: int) -> int:
        answer = await self._post(witness, tenant, size, note, old)
        if answer.status_code == 409:  # it has seen more, or less, than we remember
            known = decimal(answer.text.strip())
            if known != old and known <= size:
                answer = await self._post(witness, tenant, size, note, known)
        if answer.status_code != 200:
            log.warning("witness_refused", witness=witness.verifier.name, tenant=tenant, status=answer.status_code, size=size)
            return 0
        [signature] = open_note(note + answer.text, [witness.verifier]).verified
        async with self._database.transaction() as connection:
            await connection.execute(self._queries.add_cosignature, tenant, size, witness.verifier.name, signature.line())
        return 1

    async def _post(self, witness: Witness, tenant: str, size: int, note: str, old: int) -> httpx.Response:
        proof = await self._proofs.consistency(View(tenant), old, size) if old < size else []
        request = AddCheckpoint(old, tuple(proof), note)
        return await self._http.post(f"{witness.url}/add-checkpoint", content=request.text().encode())
