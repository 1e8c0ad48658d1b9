"""Orders about a person, from being placed to their signed report. One transaction a step, with the events that tell of it in the outbox.

    placed ─► resolve (redaction: pseudonyms) ─► act (every owner of stores) ─► destroy (redaction: keys, where erased) ─► report

Killed anywhere, an order goes on from the step that is stored; what Kafka has forgotten meanwhile is told again, under the same id.
"""

import base64
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

import structlog
from chancery_bus import Received
from chancery_contracts.canonical import body_sha256
from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.failures import Poison
from chancery_contracts.identifiers import derived_id
from chancery_contracts.privacy import PrivacyPayload
from chancery_contracts.stores import ANSWERING
from chancery_contracts.subjects import (
    Answer,
    Identifiers,
    Phase,
    Purpose,
    StoreResult,
    SubjectAnswered,
    SubjectErasureReported,
    SubjectOrderPlaced,
    SubjectSought,
    TokenAt,
)  # fmt: skip
from chancery_ledger import sign_note
from chancery_runtime.errors import CorruptSeal, KeyDestroyed
from chancery_runtime.keys import KeyService, new_key, seal, unseal
from chancery_runtime.subjects import answer_context, order_context, sealed_text, sought_context, unsealed_text
from chancery_storage import Connection, Database, Queries
from chancery_storage.journal import dump_events

from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.trail import PostgresTrail
from chancery_audit.domain.subject_reports import OrderFacts, merged, note_text, report_of

log = structlog.get_logger()
TELL_AGAIN_AFTER = timedelta(hours=6)
"""A quarter of what Kafka keeps: an owner that was down for long hears of the order all the same."""
EXPORT_KEPT = timedelta(hours=24)
WHO: dict[Phase, tuple[str, ...]] = {"resolve": ("redaction",), "act": ANSWERING, "destroy": ("redaction",)}


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What somebody asks for. `values` are in no log and no event but sealed."""

    tenant: str
    purpose: Purpose
    values: tuple[str, ...]
    reason: str
    legal_ground: str | None
    by: str
    on_behalf_of: str | None = None

    def __repr__(self) -> str:
        return f"NewOrder({self.tenant}, {self.purpose})"


class SubjectOrders:
    """The orders of every tenant."""

    def __init__(self, database: Database, queries: Queries, keys: KeyService, signer: LogSigner, clock: Clock) -> None:
        self._database = database
        self._queries = queries
        self._keys = keys
        self._signer = signer
        self._clock = clock

    async def place(self, order: NewOrder) -> str:
        """Its id. Raises KeyServiceDown."""
        name, now, key = str(uuid4()), self._clock(), new_key()
        identifiers = Identifiers(values=order.values)
        placed = SubjectOrderPlaced(
            purpose=order.purpose, identifiers=len(order.values), reason=order.reason, legal_ground=order.legal_ground, by=order.by,
            on_behalf_of=order.on_behalf_of,
        )  # fmt: skip
        by = order.by if order.on_behalf_of is None else f"{order.by} for {order.on_behalf_of}"
        async with self._database.transaction() as connection:
            # Under the lock that `destroy_keys` takes: no key is wrapped by a version that is being destroyed.
            await PostgresTrail(connection, self._queries).lock_heads([order.tenant])
            wrapped = await self._keys.wrap(order.tenant, key, order_context(order.tenant, name))
            await connection.execute(
                self._queries.place_subject_order, order.tenant, name, order.purpose, len(order.values), order.reason, order.legal_ground,
                by, now, wrapped, _sealed(key, identifiers, order.tenant, name),
            )  # fmt: skip
            fact: AnyEvent = Event(id=name, source="chancery/audit", time=now, tenant=order.tenant, data=placed)
            row = {"tenant": order.tenant, "order_id": name, "purpose": order.purpose, "wrapped_key": wrapped}
            await self._tell(connection, [fact, _sought(row, key, "resolve", identifiers, now)])
        return name

    async def take(self, received: Received) -> tuple[()]:
        """An owner's answer. Raises Poison for one that does not open: whoever made it has not the order's key."""
        tenant, data = received.event.tenant, received.event.data
        if not isinstance(data, SubjectAnswered):
            return ()
        async with self._database.statement() as connection:
            row = await connection.fetchrow(self._queries.subject_orders, tenant, data.order, 1)
            if row is None or row["wrapped_key"] is None:
                return ()
            key = await self._key(row)
            if key is None:
                return ()
            try:
                Answer.model_validate_json(unsealed_text(key, data.sealed, answer_context(tenant, data)))
            except (CorruptSeal, ValueError) as exc:
                raise Poison("an answer does not open under its order's key", answer=False) from exc
            await connection.execute(
                self._queries.add_subject_answer, tenant, data.order, data.phase, data.owner, data.part, data.last, data.sealed
            )
        return ()

    async def advance(self) -> int:
        """Open orders as far as they go now, a hundred at a time; how many steps."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.open_subject_orders, self._clock() - TELL_AGAIN_AFTER, len(WHO["act"]))
        return sum([await self._step(row["tenant"], row["order_id"]) for row in rows])

    async def _step(self, tenant: str, order: str) -> bool:
        async with self._database.transaction() as connection:
            # The head first, as everybody: a hold is in force before this step and known to it, or comes after.
            await PostgresTrail(connection, self._queries).lock_heads([tenant])
            row = await connection.fetchrow(self._queries.lock_subject_order, tenant, order)
            if row is None:
                return False
            waits = missing_owners(row["phase"], await connection.fetch(self._queries.subject_answer_parts, tenant, order))
            if waits and self._clock() - row["told_at"] < TELL_AGAIN_AFTER:
                return False
            key = await self._key(row)
            if key is None:
                log.warning(
                    "subject_order_lost", tenant=tenant, order=order, reason="a restored backup brought back an order that has ended"
                )
                await connection.execute(self._queries.lose_subject_order, tenant, order, self._clock())
            elif waits:
                await self._tell_again(connection, row, key)
            else:
                await self._next(connection, row, key, await connection.fetch(self._queries.subject_answers, tenant, order))
        return True

    async def _key(self, row: Any) -> bytes | None:
        """None where the version that wrapped it was destroyed: the order had ended. Raises KeyServiceDown, CorruptSeal."""
        try:
            return await self._keys.unwrap(row["tenant"], row["wrapped_key"], order_context(row["tenant"], row["order_id"]))
        except KeyDestroyed:
            return None

    async def _tell_again(self, connection: Connection, row: Any, key: bytes) -> None:
        """With the time that it was told with first: one id has one content, but for its seal, and for holds placed since."""
        row = await self._noted_holds(connection, row)
        await connection.execute(self._queries.told_again, row["tenant"], row["order_id"], self._clock())
        await self._tell(connection, [_sought(row, key, row["phase"], _identifiers(key, row), row["phase_at"])])

    async def _noted_holds(self, connection: Connection, row: Any) -> dict[str, Any]:
        """The order with the holds in force now beside those that it knew of."""
        holds = await connection.fetch(self._queries.holds_in_force, row["tenant"])
        noted = {
            "tenant_held": row["tenant_held"] or any(one["matter"] is None for one in holds),
            "held_matters": sorted({*row["held_matters"], *(one["matter"] for one in holds if one["matter"] is not None)}),
            "holds": list(dict.fromkeys([*row["holds"], *(one["hold"] for one in holds)])),
        }
        await connection.execute(self._queries.note_holds, row["tenant"], row["order_id"], *noted.values())
        return {**row, **noted}

    async def _next(self, connection: Connection, row: Any, key: bytes, answers: Sequence[Any]) -> None:
        now, phase = self._clock(), row["phase"]
        opened = [(one["phase"], _answer(row, key, one)) for one in answers]
        if phase == "destroy" or (phase == "act" and row["purpose"] != "erase"):
            await self._end(connection, row, merged(opened, erasing=row["purpose"] == "erase"), now)
            return
        identifiers = _identifiers(key, row)
        if phase == "resolve":
            tokens = {(one.scope, one.token) for _, answer in opened for result in answer.results for one in result.tokens}
            identifiers = Identifiers(
                values=identifiers.values, tokens=tuple(TokenAt(scope=scope, token=token) for scope, token in sorted(tokens))
            )
        after: Phase = "act" if phase == "resolve" else "destroy"
        row = await self._noted_holds(connection, row)
        await connection.execute(
            self._queries.next_subject_phase, row["tenant"], row["order_id"], after, now,
            _sealed(key, identifiers, row["tenant"], row["order_id"]), len(identifiers.tokens),
        )  # fmt: skip
        await self._tell(connection, [_sought(row, key, after, identifiers, now)])

    async def _end(self, connection: Connection, row: Any, results: Sequence[StoreResult], now: datetime) -> None:
        if any(one.left for one in results):
            row = await self._noted_holds(connection, row)  # what an owner found held may be younger than what it was told
        tenant, order = row["tenant"], row["order_id"]
        document = report_of(_facts(row), results, now)
        note = sign_note(note_text(order, body_sha256(document)), [await self._signer.signer(tenant)])
        report = json.dumps(document, ensure_ascii=False)
        exporting = row["purpose"] == "export"
        await connection.execute(self._queries.end_subject_order, tenant, order, now, document["state"], report, note, exporting)
        if not exporting:
            await connection.execute(self._queries.delete_subject_answers)
        data = SubjectErasureReported(order=order, purpose=row["purpose"], state=document["state"], report=report, note=note)
        await self._tell(connection, [_event(tenant, order, data, "reported", now)])

    async def forget(self) -> None:
        """Keys of exports that were not fetched within a day, and what lies under them."""
        async with self._database.transaction() as connection:
            await connection.execute(self._queries.forget_exports, self._clock() - EXPORT_KEPT)
            await connection.execute(self._queries.delete_subject_answers)

    async def destroy_keys(self) -> int:
        """Of tenants without open orders, what wrapped their orders' keys: copies of those in Kafka and backups open no more."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.tenants_with_old_orders)
        return sum([await self._destroy_keys(row["tenant"]) for row in rows])

    async def _destroy_keys(self, tenant: str) -> bool:
        async with self._database.transaction() as connection:
            await PostgresTrail(connection, self._queries).lock_heads([tenant])
            if await connection.fetchval(self._queries.open_keys_of_orders, tenant):
                return False
            await self._keys.destroy_before(tenant, (await self._keys.rotate(tenant)).current)
            await connection.execute(self._queries.keys_destroyed, tenant)
        return True

    async def orders(self, tenant: str, order: str | None = None) -> list[Any]:
        """Rows and, of those that are open, who has not answered yet."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.subject_orders, tenant, order, 1_000)
            found = []
            for row in rows:
                parts = (
                    await connection.fetch(self._queries.subject_answer_parts, tenant, row["order_id"]) if row["phase"] != "ended" else []
                )
                found.append({**row, "waits_for": missing_owners(row["phase"], parts)})
        return found

    async def tokens(self, tenant: str, order: str) -> tuple[TokenAt, ...]:
        """By which pseudonyms the person goes, as redaction told: more than an event could carry. None of an order that is over."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.subject_orders, tenant, order, 1)
        if not rows or rows[0]["wrapped_key"] is None:
            return ()
        return _identifiers(await self._keys.unwrap(tenant, rows[0]["wrapped_key"], order_context(tenant, order)), rows[0]).tokens

    async def contents(self, tenant: str, order: str) -> list[StoreResult] | None:
        """Of an export that has ended and is not forgotten; None else. Raises KeyServiceDown, CorruptSeal."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.subject_orders, tenant, order, 1)
            answers = await connection.fetch(self._queries.subject_answers, tenant, order)
        if not rows or rows[0]["phase"] != "ended" or rows[0]["wrapped_key"] is None:
            return None
        key = await self._key(rows[0])
        if key is None:
            return None
        return merged(((one["phase"], _answer(rows[0], key, one)) for one in answers), erasing=False)

    async def _tell(self, connection: Connection, events: Sequence[AnyEvent]) -> None:
        await connection.execute(self._queries.add_to_outbox, dump_events(events))


def missing_owners(phase: Phase | Literal["ended"], answers: Sequence[Any]) -> list[str]:
    """Who has not answered in full."""
    if phase == "ended":
        return []
    parts: dict[str, set[int]] = defaultdict(set)
    lasts: dict[str, int] = {}
    for one in answers:
        if one["phase"] == phase:
            parts[one["owner"]].add(one["part"])
            if one["last"]:
                lasts[one["owner"]] = one["part"]
    return [owner for owner in WHO[phase] if owner not in lasts or len(parts[owner]) <= lasts[owner]]


def _sealed(key: bytes, identifiers: Identifiers, tenant: str, order: str) -> bytes:
    return seal(key, identifiers.model_dump_json().encode(), order_context(tenant, order).encode())


def _identifiers(key: bytes, row: Any) -> Identifiers:
    return Identifiers.model_validate_json(unseal(key, row["sealed"], order_context(row["tenant"], row["order_id"]).encode()))


def _answer(row: Any, key: bytes, one: Any) -> Answer:
    context = answer_context(row["tenant"], (row["order_id"], one["phase"], one["owner"], one["part"]))
    return Answer.model_validate_json(unsealed_text(key, one["sealed"], context))


def _sought(row: Any, key: bytes, phase: Phase, identifiers: Identifiers, now: datetime) -> AnyEvent:
    tenant, order = row["tenant"], row["order_id"]
    data = SubjectSought(
        order=order, purpose=row["purpose"], phase=phase, wrapped_key=base64.b64encode(row["wrapped_key"]).decode(),
        sealed=sealed_text(key, Identifiers(values=identifiers.values).model_dump_json().encode(), sought_context(tenant, order, phase)),
        tenant_held=row.get("tenant_held", False), held_matters=tuple(row.get("held_matters", ())),
    )  # fmt: skip
    return _event(tenant, order, data, phase, now)


def _event(tenant: str, order: str, data: PrivacyPayload, name: str, now: datetime) -> AnyEvent:
    return Event(
        id=derived_id(f"{tenant}/{order}/{name}", "audit"), source="chancery/audit", time=now, tenant=tenant, data=data, causation=order
    )


def _facts(row: Any) -> OrderFacts:
    return OrderFacts(
        row["tenant"], row["order_id"], row["purpose"], row["reason"], row["legal_ground"], row["requested_by"], row["placed_at"],
        row["identifiers"], row["pseudonyms"], row["tenant_held"], tuple(row["held_matters"]), tuple(row["holds"]),
    )  # fmt: skip
