"""What a model was used for, and what that cost: by tenant, use case and version, from the cost service's ledger."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from chancery_cli.connection import Connection, connect
from chancery_cli.errors import CommandFailed
from chancery_cli.registry.api import SHARED, Registry
from chancery_cli.registry.naming import Thing

Json = dict[str, Any]
PAGE = 500
MOST_POSTINGS = 200_000
"""Beyond that, ask for a shorter time."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whose usage, and when: the end excluded. `shared`: that of every tenant whose keys lie here."""

    tenant: str
    since: datetime
    until: datetime


def usage_of(_service: Registry, model: Thing, span: Span) -> Json:
    """`rows` none: it cannot be known from here, and `why`."""
    asked = {"from": span.since.isoformat(), "to": span.until.isoformat()}
    try:
        connection = connect()
        if not connection.urls["cost"] or not connection.operator_token:
            return asked | {
                "rows": None,
                "why": "the cost service's ledger is for operators: set CHANCERY_COST_URL and CHANCERY_OPERATOR_TOKEN",
            }
        tenants = sorted(connection.api_keys) if span.tenant == SHARED else [span.tenant]
        return asked | {"rows": [row for tenant in tenants for row in _rows(connection, model, tenant, asked)]}
    except CommandFailed as exc:
        return asked | {"rows": None, "why": str(exc)}


def _rows(connection: Connection, model: Thing, tenant: str, asked: dict[str, str]) -> list[Json]:
    calls, costs = Counter[tuple[str, int, str]](), Counter[tuple[str, int, str]]()
    for posting in _postings(connection, {"tenant": tenant, "limit": str(PAGE)} | asked):
        if posting["kind"] == "settle" and posting["model"] == model.name:
            key = (posting["use_case"], posting["model_version"], posting["currency"])
            calls[key] += 1
            costs[key] += posting["amount_micros"]
    return [
        {"tenant": tenant, "use_case": use_case, "version": version, "calls": calls[use_case, version, currency],
         "cost_micros": costs[use_case, version, currency], "currency": currency}
        for use_case, version, currency in sorted(calls)
    ]  # fmt: skip


def _postings(connection: Connection, asked: dict[str, str]) -> Iterator[Json]:
    seen, after = 0, ""
    try:
        with connection.operator("cost") as http:
            while after is not None:
                response = http.get("/v1/costs", params=asked | ({"after": after} if after else {}))
                if response.is_error:
                    raise CommandFailed(f"cost answers {response.status_code}")
                page = response.json()
                yield from page["postings"]
                seen, after = seen + len(page["postings"]), page["next"]
                if seen > MOST_POSTINGS:
                    raise CommandFailed(f"more than {MOST_POSTINGS} postings: ask for a shorter time with --from and --to")
    except httpx.HTTPError as exc:
        raise CommandFailed("the cost service does not answer: see `chancery status`") from exc
