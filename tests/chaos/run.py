"""`uv run poe chaos [--short] [--seed N]`: kills and freezes processes while requests run, then checks what must hold.

Every round takes one process (each service, Kafka, PostgreSQL in turn) and, at a random moment, kills it with -9, stops it in good order
(the servers) or freezes it (SIGSTOP) for longer than its group's session and wakes it; or a foreign consumer joins a group, takes records,
and leaves without a commit. The model is a stub over HTTP that journals each call.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import asyncpg
import audit
import chancery_local
import yaml
from aiokafka import AIOKafkaConsumer
from chancery_bus import Publisher, TopicReader
from chancery_bus.admin import topic_names
from chancery_cli.auditing import audit_get
from chancery_cli.connection import Connection, connect
from chancery_cli.documents import index_documents, read_document
from chancery_cli.errors import CommandFailed
from chancery_contracts import Event, encode
from chancery_contracts.event import system_clock
from chancery_contracts.failures import Retry
from chancery_contracts.interactions import InteractionCompleted, InteractionRedacted, InteractionRequested, Message
from chancery_contracts.topics import AUTHORISED, COMPLETED, GENERATED, GROUNDED, REDACTED, REQUESTED
from chancery_testing.figures import Figure, keep

TENANT = "chaos"
TARGETS = ("redaction", "retrieval", "cost", "generation", "validation", "audit", "gateway", "kafka", "postgres", "consumer")
JOINABLE = {"redaction": REQUESTED, "reserve": GROUNDED, "chancery-generation": AUTHORISED, "chancery-validation": GENERATED}
ORDERLY = {"kafka": signal.SIGTERM, "postgres": signal.SIGINT}
HERE = Path(__file__).resolve().parent
FREEZE_S = 15.0
JOINED_S = 4.0


@dataclass(frozen=True)
class Plan:
    """How much, and how rough."""

    requests: int
    rounds: int
    rate: float
    seed: int
    finish_within_s: float = 240.0


def _registry(port: int) -> list[dict[str, object]]:
    def entry(kind: str, name: str, body: dict[str, object]) -> dict[str, object]:
        return {"kind": kind, "name": name, "tenant": TENANT, "version": 1, "body": body}

    price = {"input_micros_per_mtok": 100_000, "output_micros_per_mtok": 100_000}
    stub = {"provider": "openai", "provider_model": "stub", "base_url": f"http://127.0.0.1:{port}/v1", "price": price, "max_attempts": 5}
    one = {"name": "p", "version": 1}
    case = {
        "prompt": one, "model": {"name": "stub", "version": 1}, "collections": ["faq"], "budget": "b",
        "redaction_policy": one, "max_output_tokens": 50,
    }  # fmt: skip
    return [
        entry("tenant", TENANT, {"display_name": "Chaos"}),
        entry("prompt", "p", {"system": "Answer from the passages.", "user": "Passages:\n{passages}\n\nQuestion: {question}"}),
        entry("model", "stub", stub),
        entry("redaction_policy", "p", {"entity_types": ["EMAIL_ADDRESS", "IBAN_CODE"]}),
        entry("budget", "b", {"limit_micros": 10**12}),
        entry("use_case", "u", case),
    ]


DOCUMENT = """---
document_id: faq
title: Questions
collection: faq
matter: null
version: 1
---
# Questions

## What does a replacement card cost?

A replacement card is free of charge and arrives within five working days.
"""


class Chaos:
    """One run over one stack."""

    def __init__(self, plan: Plan, connection: Connection, home: Path) -> None:
        self._plan = plan
        self._connection = connection
        self._home = home
        self._random = random.Random(plan.seed)
        self._sent: dict[str, list[str]] = defaultdict(list)
        self.done: list[str] = []

    async def run(self) -> None:
        """Publishes and disturbs side by side, then waits for the end of every request."""
        publishing = asyncio.create_task(self._publish())
        for number in range(self._plan.rounds):
            await self._disturb(TARGETS[number % len(TARGETS)])
        await publishing
        await self._until_all_ended()

    async def _publish(self) -> None:
        publisher = await Publisher.start(self._connection.kafka)
        start = time.monotonic()
        for number in range(self._plan.requests):
            await asyncio.sleep(max(0.0, start + number / self._plan.rate - time.monotonic()))
            interaction, conversation = f"chaos-{self._plan.seed}-{number}", f"c{number % 40}"
            text = f"Question {number} of person{number}@mail.example: what does a replacement card cost?"
            data = InteractionRequested(use_case="u", messages=(Message(role="user", content=text),))
            event = Event(
                id=interaction,
                source="chaos",
                time=system_clock(),
                tenant=TENANT,
                data=data,
                interaction=interaction,
                conversation=conversation,
            )
            while True:
                try:
                    await publisher.publish(event)
                    break
                except Retry:
                    await asyncio.sleep(0.2)
            self._sent[conversation].append(interaction)
        await publisher.close()

    async def _disturb(self, name: str) -> None:
        await asyncio.sleep(self._random.uniform(0.5, 2.0))
        if name == "consumer":
            await self._join_and_leave()
            return
        pid = self._pid(name)
        gentle = self._random.random() < 0.4
        freeze = gentle and name not in ORDERLY
        self._note(f"{'freeze' if freeze else 'stop' if gentle else 'kill'} {name}")
        if freeze:
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(FREEZE_S)
            os.kill(pid, signal.SIGCONT)
        else:
            os.kill(pid, ORDERLY[name] if gentle else signal.SIGKILL)
        deadline = time.monotonic() + 60
        while self._state(name) != "ready" or (not freeze and self._pid(name) == pid):
            if time.monotonic() > deadline:
                raise SystemExit(f"{name} did not come back within 60 s")
            await asyncio.sleep(0.2)

    async def _join_and_leave(self) -> None:
        group = self._random.choice(sorted(JOINABLE))
        self._note(f"join and leave {group}")
        address = self._connection.kafka.bootstrap
        consumer = AIOKafkaConsumer(bootstrap_servers=address, group_id=f"chancery.live.{group}", enable_auto_commit=False)
        consumer.subscribe(pattern=JOINABLE[group].pattern("live"))
        await consumer.start()
        until = time.monotonic() + JOINED_S
        while time.monotonic() < until:
            await consumer.getmany(timeout_ms=200)
        await consumer.stop()

    def _note(self, deed: str) -> None:
        self.done.append(deed)
        print(f"  {deed}", file=sys.stderr, flush=True)

    def _one(self, name: str) -> chancery_local.ProcessStatus:
        state = chancery_local.status(self._home)
        assert state is not None
        return next(one for one in state.processes if one.name == name)

    def _pid(self, name: str) -> int:
        return self._one(name).pid or 0

    def _state(self, name: str) -> str:
        return self._one(name).state

    async def _until_all_ended(self) -> None:
        reader = await TopicReader.start(self._connection.kafka, [COMPLETED.full_name(TENANT)])
        ended: set[str] = set()

        async def follow() -> None:
            async for received in reader.follow():
                ended.add(received.event.interaction or "")
                if len(ended) >= self._plan.requests:
                    return

        try:
            await asyncio.wait_for(follow(), self._plan.finish_within_s)
        except TimeoutError:
            print(f"only {len(ended)} of {self._plan.requests} ended", file=sys.stderr)
        await reader.close()

    async def check(self, journal: Path) -> list[Figure]:
        """What must hold, each as a count that must be 0."""
        contents, records, outcomes, order = await self._streams()
        accepted = [interaction for ids in self._sent.values() for interaction in ids]
        missing = [interaction for interaction in accepted if interaction not in contents]
        two_contents = [interaction for interaction, found in contents.items() if len(found) > 1]
        wrong_order = sum(order[conversation] != ids for conversation, ids in self._sent.items())
        charges, late = await self._charges(), await self._calls_after_results(journal)
        double = [interaction for interaction, kinds in charges.items() if kinds["settle"] > 1 or kinds["reserve"] > 1]
        trail = await self._trail()
        figures = {
            "accepted_without_completed": len(missing),
            "completed_with_two_contents": len(two_contents),
            "charged_twice": len(double),
            "model_calls_after_stored_result": late,
            "conversations_out_of_order": wrong_order,
            "trail_missing_offsets": trail["missing_offsets"],
            "trail_unfinished": trail["unfinished_count"],
            "trail_alarms": trail["alarms"],
            "trail_broken": int(not audit_get(self._connection, "/v1/verify", {"tenant": TENANT})["ok"]),
        }
        facts = [
            Figure("chaos_requests", len(accepted), "requests", peer=f"seed {self._plan.seed}: {', '.join(self.done)}"),
            Figure("chaos_released", outcomes["released"], "requests"),
            Figure("chaos_refused", outcomes["refused"] + outcomes["withheld"], "requests"),
            Figure("chaos_repeated_completed_records", records - len(contents), "records"),
        ]
        return [*facts, *(Figure(f"chaos_{name}", value, "count", 0, "lower") for name, value in figures.items())]

    async def _streams(self):
        names = [name for name in await topic_names(self._connection.kafka) if name in {COMPLETED.full_name(TENANT), REDACTED.full_name()}]
        reader = await TopicReader.start(self._connection.kafka, names)
        contents: dict[str, set[bytes]] = defaultdict(set)
        outcomes: Counter[str] = Counter()
        order: dict[str, list[str]] = defaultdict(list)
        records = 0
        async for received in reader.until(await reader.ends()):
            event = received.event
            if isinstance(event.data, InteractionCompleted):
                records += 1
                if event.interaction not in contents:
                    outcomes[event.data.outcome] += 1
                contents[event.interaction or ""].add(encode(event).value)
            elif type(event.data) is InteractionRedacted and event.interaction not in order[event.conversation or ""]:
                order[event.conversation or ""].append(event.interaction or "")
        await reader.close()
        return contents, records, outcomes, order

    async def _charges(self) -> dict[str, Counter[str]]:
        charges: dict[str, Counter[str]] = defaultdict(Counter)
        for row in await self._rows("SELECT interaction, kind FROM cost.postings"):
            charges[row["interaction"]][row["kind"]] += 1
        return charges

    async def _calls_after_results(self, journal: Path) -> int:
        """Calls that the stub saw begin after the result for the same event was stored."""
        rows = await self._rows("SELECT cause_id, extract(epoch FROM stored_at)::float8 AS at FROM generation.answers")
        stored = {row["cause_id"].rpartition("/")[2]: row["at"] for row in rows}
        late = 0
        for line in (await asyncio.to_thread(journal.read_text, "utf-8")).splitlines():
            call = json.loads(line)
            key = call["key"]
            late += int(call["event"] == "started" and key in stored and call["at"] > stored[key] + 0.001)
        return late

    async def _rows(self, query: str):
        state = chancery_local.status(self._home)
        assert state is not None
        connection = await asyncpg.connect(state.database_url)
        rows = await connection.fetch(query)
        await connection.close()
        return rows

    async def _trail(self):
        """Audit may still be reading: waits for it, bounded."""
        deadline = time.monotonic() + 60
        while True:
            try:
                found = audit_get(self._connection, "/v1/completeness", {"tenant": TENANT})
            except CommandFailed:
                found = None
            if found is not None and found["unfinished_count"] == 0 and found["missing_offsets"] == 0:
                return found
            if time.monotonic() > deadline and found is not None:
                return found
            await asyncio.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _run(plan: Plan, home: Path, journal: Path) -> list[Figure]:
    connection = connect(home)
    document = home / "faq.md"
    document.write_text(DOCUMENT, "utf-8")
    await index_documents(connection.kafka, [read_document(document, TENANT)], lambda _: None)
    assert REQUESTED.full_name(TENANT)
    chaos = Chaos(plan, connection, home)
    await chaos.run()
    return await chaos.check(journal)


def main() -> None:
    """Prints one JSON line a figure; exit status 1 where something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=("stack", "audit"), default="stack", help="the whole stack, or audit alone under load")
    parser.add_argument("--short", action="store_true", help="ten rounds over 400 requests, or six kills of audit: for CI")
    parser.add_argument("--seed", type=int, default=20261124)
    arguments = parser.parse_args()
    if arguments.name == "audit":
        _finish("audit-short" if arguments.short else "audit", audit.measure(short=arguments.short, seed=arguments.seed))
    plan = Plan(400, 10, 8, arguments.seed) if arguments.short else Plan(10_000, 30, 25, arguments.seed, 600)
    with tempfile.TemporaryDirectory(prefix="chancery-chaos-", ignore_cleanup_errors=True) as folder:
        home, port = Path(folder), _free_port()
        (home / "registry.yaml").write_text(yaml.safe_dump(_registry(port)), "utf-8")
        journal = home / "calls.jsonl"
        journal.touch()
        os.environ |= {"CHANCERY_HOME": folder, "CHANCERY_REGISTRY_PATH": str(home / "registry.yaml")}
        command = [sys.executable, "-m", "chancery_testing.provider", "--port", str(port), "--latency-ms", "20", "--journal", str(journal)]
        with subprocess.Popen(command) as provider:
            try:
                chancery_local.up(home)
                figures = asyncio.run(_run(plan, home, journal))
            finally:
                chancery_local.down(home)
                provider.terminate()
    _finish("chaos-short" if arguments.short else "chaos", figures)


def _finish(name: str, figures: list[Figure]) -> NoReturn:
    keep(name, [figure.as_dict() for figure in figures], HERE / "results")
    sys.exit(0 if all(figure.holds is not False for figure in figures) else 1)


if __name__ == "__main__":
    main()
