"""What the demo shows: the board while it moves, the table at the end, one audit trail, and what to try next."""

from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from chancery_cli.connection import Connection
from chancery_cli.demo.board import STAGES, Board, Progress
from chancery_cli.demo.requests import DemoRequest

PINNED = ("prompt", "model", "use_case", "redaction_policy", "actor")
"""Members of an entry that say who asked, and which versions stood behind it: the shortest words first, where a terminal is narrow."""
COLOURS = {"released": "green", "withheld": "yellow", "refused": "red"}


def moving(board: Board) -> RenderableType:
    """A line for each request: the stages it has passed."""
    table = Table(box=None, padding=(0, 1), show_header=True, header_style="dim")
    table.add_column("request", no_wrap=True)
    for stage in STAGES:
        table.add_column(stage[:5], justify="center", no_wrap=True)
    for row in board.rows.values():
        marks = ["●" if stage in row.times_ms else "·" for stage in STAGES]
        colour = COLOURS.get(row.completed.outcome, "") if row.completed else "cyan"
        table.add_row(Text(row.request.name, style=colour), *marks)
    return Group(table, Text(f"{board.finished} of {len(board.rows)} completed", style="bold"))


def results(board: Board) -> Table:
    """Verdict, citations, what was masked, cost, latency."""
    table = Table(title="Every request, one answer", title_justify="left", expand=False)
    table.add_column("request", no_wrap=True, max_width=34)
    for name in ("outcome", "answer or reason", "cites", "masked"):
        table.add_column(name, overflow="fold", max_width=52 if name == "answer or reason" else 22)
    table.add_column("cost, µUSD", justify="right")
    table.add_column("ms", justify="right")
    for row in board.rows.values():
        table.add_row(*_cells(row))
    return table


def _cells(row: Progress) -> tuple[RenderableType, ...]:
    done = row.completed
    if done is None:
        return row.request.name, Text("unfinished", style="red"), row.stage, "", _masked(row.masked), "", ""
    answer = (done.answer if done.outcome == "released" else f"{done.code or ', '.join(done.checks_failed)}: {done.message}") or ""
    cites = ", ".join(sorted({citation.document_id for citation in done.citations}))
    outcome = "unanswerable" if done.unanswerable and done.outcome == "released" else done.outcome
    latency = "" if row.latency_ms is None else str(row.latency_ms)
    cost = "" if row.cost_micros is None else str(row.cost_micros)
    short = answer if len(answer) <= 150 else answer[:147] + "…"
    return row.request.name, Text(outcome, style=COLOURS[done.outcome]), Text(short), cites, _masked(row.masked), cost, latency


def _masked(masked: Counter[str]) -> str:
    return ", ".join(f"{count} {name.lower()}" for name, count in sorted(masked.items()))


def unexpected(board: Board) -> list[str]:
    """Requests that ended otherwise than their sample says, in words."""
    found = []
    for row in board.rows.values():
        ended = _ended(row)
        expected = row.request.expect
        if ended != expected and not (expected.startswith("refused") and ended == "refused"):
            found.append(f"{row.request.name}: expected {expected}, ended {ended}")
    return found


def _ended(row: Progress) -> str:
    if row.completed is None:
        return "unfinished"
    if row.completed.outcome == "released" and row.completed.unanswerable:
        return "unanswerable"
    return row.completed.outcome


def trail(entries: list[dict[str, Any]], interaction: str) -> Table:
    """One interaction's audit trail, in the order of its events: topics reach the log side by side."""
    table = Table(title=f"Audit trail of {interaction}", title_justify="left")
    for name in ("seq", "event", "at", "topic / partition / offset", "pinned here", "payload commitment"):
        table.add_column(name, overflow="ellipsis", no_wrap=name != "pinned here")
    told: set[str] = set()
    for entry in sorted(entries, key=lambda one: (str(one.get("time", "")), one.get("seq", 0))):
        place = f"{str(entry.get('topic', '')).removeprefix('chancery.')} / {entry.get('partition')} / {entry.get('offset')}"
        kind = str(entry.get("type", "")).removeprefix("chancery.").removesuffix(".v1")
        pinned = [f"{name.replace('_', ' ')} {entry[name]}" for name in PINNED if entry.get(name)]
        new = ", ".join(one for one in pinned if one not in told)  # later events say the same again
        told.update(pinned)
        commitment = str(entry.get("payload_sha256", ""))[:12]
        table.add_row(str(entry.get("seq", "")), kind, str(entry.get("time", ""))[:23], place, new, commitment)
    return table


def next_steps(console: Console, connection: Connection, folder: Path, shown: DemoRequest) -> None:
    """Lines to paste while the stack runs."""
    gateway, key = connection.urls["gateway"], folder / "api-keys.json"
    token = f"$(python3 -c \"import json; print(json.load(open('{_short(key)}'))['meridian-bank'])\")"
    kcat = f"kcat -C -b {connection.kafka_bootstrap} -t chancery.interactions.completed.meridian-bank -o beginning -e"
    body = '{"use_case": "bank-faq", "messages": [{"role": "user", "content": "What does a replacement card cost?"}]}'
    lines = [
        "uv run chancery publish --tenant meridian-bank --use-case bank-faq 'What does a replacement card cost?' --wait",
        f"uv run chancery audit show {shown.interaction} --tenant {shown.tenant}",
        f"uv run chancery audit verify --tenant {shown.tenant}",
        "uv run chancery requests watch --tenant meridian-bank",
        f"curl -s {gateway}/v1/interactions -H \"Authorization: Bearer {token}\" -H 'Content-Type: application/json' -d '{body}'",
        kcat,
        "uv run chancery status",
        "uv run chancery down",
    ]
    console.print("\n[bold]The stack is running. Try:[/bold]")
    for line in lines:
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
