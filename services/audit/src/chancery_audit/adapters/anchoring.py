"""Puts the newest checkpoints where the operator cannot take them back. An anchor that fails holds up nothing but itself."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import structlog
from chancery_contracts.event import Clock
from chancery_contracts.failures import Retry
from chancery_runtime.metrics import counter
from chancery_storage import Connection, Database, Queries

from chancery_audit.domain.alerts import Finding
from chancery_audit.domain.anchors import AnchorBounds, Failures
from chancery_audit.errors import AnchorContradicted, AnchorDown, AnchorFailed
from chancery_audit.ports import Anchor

log = structlog.get_logger()
AT_ONCE = 4
"""Checkpoints on their way to one anchor."""
REQUESTS = 4
"""That one checkpoint needs, at most."""


class _Kind:
    """One anchor, and how it fares."""

    def __init__(self, anchor: Anchor) -> None:
        self.anchor = anchor
        self.failures = Failures()
        self.last: datetime | None = None


class Anchoring:
    """Published, then stored: a death in between publishes the same checkpoint again, which no anchor minds."""

    def __init__(
        self, database: Database, queries: Queries, anchors: Sequence[Anchor], holder: str, bounds: AnchorBounds, clock: Clock
    ) -> None:
        self._database = database
        self._queries = queries
        self._kinds = [_Kind(one) for one in anchors]
        self._holder = holder
        self._bounds = bounds
        self._clock = clock
        self._began = clock()
        self._done = counter("chancery_audit_anchored_total", "Checkpoints anchored, by kind", ("kind",))
        self._failed = counter("chancery_audit_anchor_failures_total", "Attempts to anchor that failed, by kind", ("kind",))

    @property
    def kinds(self) -> list[str]:
        """Those that are set."""
        return [one.anchor.kind for one in self._kinds]

    async def run(self, every_s: float) -> None:
        """Without end; a database that is away waits for the next round."""
        await asyncio.gather(*(self._run(kind, every_s) for kind in self._kinds))

    async def anchor_due(self) -> int:
        """One round of every kind; how many checkpoints were anchored."""
        return sum(await asyncio.gather(*(self._round(kind) for kind in self._kinds)))

    async def _run(self, kind: _Kind, every_s: float) -> None:
        while True:
            with suppress(Retry):
                await self._round(kind)
            await asyncio.sleep(every_s)

    async def _round(self, kind: _Kind) -> int:
        now, failures = self._clock(), kind.failures
        if failures.down is not None and failures.down.again_at > now:
            return 0
        arguments = (kind.anchor.kind, self._bounds.every, self._holder, failures.left_alone(now))
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.unanchored, *arguments)
        done = 0
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            done += sum(await asyncio.gather(*(self._anchor(kind, row["tenant"], row["size"], row["note"]) for row in part)))
            if failures.down is not None:
                break
        return done

    async def _anchor(self, kind: _Kind, tenant: str, size: int, note: str) -> bool:
        name, failures = kind.anchor.kind, kind.failures
        try:
            async with asyncio.timeout(self._bounds.timeout_s * REQUESTS):
                anchored = await kind.anchor.publish(tenant, size, note)
        except (AnchorDown, TimeoutError) as exc:
            failures.went_down(str(exc) or "no answer in time", self._clock())
        except AnchorFailed as exc:
            failures.failed(tenant, str(exc), self._clock(), contradicted=isinstance(exc, AnchorContradicted))
        except Exception as exc:  # noqa: BLE001  # no fault of an anchor may stop the trail; this one is told like the others
            failures.failed(tenant, f"an unforeseen {type(exc).__name__}", self._clock())
        else:
            async with self._database.transaction() as connection:
                await connection.execute(self._queries.add_anchor, tenant, name, size, anchored.at, anchored.evidence)
            failures.succeeded(tenant)
            kind.last = self._clock()
            self._done.labels(name).inc()
            return True
        self._failed.labels(name).inc()
        log.warning("anchor_failed", kind=name, tenant=tenant, size=size, reason=failures.words(tenant))
        return False

    async def findings(self, connection: Connection) -> list[Finding]:
        """Checkpoints that should have been anchored, and anchors that hold another checkpoint."""
        found = []
        for kind in self._kinds:
            name, failures = kind.anchor.kind, kind.failures
            rows = await connection.fetch(self._queries.anchors_overdue, name, self._began, self._bounds.overdue)
            late = {row["tenant"]: f"the checkpoint of {row['size']} entries, signed {row['since']}, has no anchor" for row in rows}
            wrong = {tenant: "the checkpoint cannot be anchored" for tenant, one in failures.by_tenant.items() if one.contradicted}
            for tenant, words in (wrong | late).items():
                found.append(Finding("anchor_failing", tenant, f"{name}/{tenant}", f"{words}: {failures.words(tenant) or 'not yet tried'}"))
        return found

    async def health(self) -> dict[str, object]:
        """For `/health`: when each kind had its last anchor from this process, and what fails."""
        return {one.anchor.kind: _health(one) for one in self._kinds}


def _health(kind: _Kind) -> dict[str, object]:
    failures = kind.failures
    down = failures.down.words if failures.down is not None else None
    return {"last": kind.last, "down": down, "refused_tenants": len(failures.by_tenant)}
