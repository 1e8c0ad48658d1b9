"""Runs the demo on a stack that is up: documents, requests, the board, the report."""

import asyncio
import time

from chancery_bus import Publisher, TopicReader
from rich.console import Console
from rich.live import Live

from chancery_cli.auditing import fetch_trail
from chancery_cli.connection import Connection
from chancery_cli.demo.board import Board
from chancery_cli.demo.report import moving, results, trail, unexpected
from chancery_cli.demo.requests import DemoRequest, load_requests, publish_request
from chancery_cli.documents import Indexed, index_documents, read_document
from chancery_cli.errors import CommandFailed
from chancery_cli.provisioning import SAMPLES
from chancery_cli.watching import pipeline_reader

TENANTS = ("meridian-bank", "aldgate-law")
FINISH_WITHIN_S = 120.0


async def run_demo(connection: Connection, console: Console) -> Board:
    """Prints as it goes. Raises CommandFailed where a request did not end in time."""
    await _index(connection, console)
    board = Board(load_requests(SAMPLES))
    console.print(f"\n[bold]Publishing {len(board.rows)} requests of {len(TENANTS)} tenants as Kafka events[/bold]")
    reader = await pipeline_reader(connection.kafka)
    publisher = await Publisher.start(connection.kafka)
    try:
        with Live(moving(board), console=console, refresh_per_second=8, transient=not console.is_terminal) as live:
            await asyncio.gather(_publish(publisher, board), asyncio.wait_for(_follow(reader, board, live), FINISH_WITHIN_S))
    except TimeoutError as exc:
        console.print(results(board))
        raise CommandFailed(f"only {board.finished} of {len(board.rows)} requests ended in {FINISH_WITHIN_S:.0f} s") from exc
    finally:
        await publisher.close()
        await reader.close()
    report(connection, console, board)
    return board


async def _index(connection: Connection, console: Console) -> None:
    documents = [read_document(path, tenant) for tenant in TENANTS for path in sorted((SAMPLES / tenant).rglob("*.md"))]
    words = sum(len(document.data.text.split()) for document in documents if hasattr(document.data, "text"))
    console.print(f"[bold]Indexing {len(documents)} sample documents[/bold] ({words:,} words)")
    started = time.monotonic()

    def shown(indexed: Indexed) -> None:
        warned = f", [yellow]{indexed.injections} with hidden instructions[/yellow]" if indexed.injections else ""
        console.print(f"  {indexed.key[1]}: {indexed.passages} passages{warned}", highlight=False)

    fresh = await index_documents(connection.kafka, documents, shown)
    console.print(f"  {fresh} indexed in {time.monotonic() - started:.1f} s, {len(documents) - fresh} were there already")


async def _publish(publisher: Publisher, board: Board) -> None:
    for row in board.rows.values():
        if row.request.event is None:
            board.start(row.request.interaction, round(time.time() * 1000))
        await publish_request(publisher, row.request)


async def _follow(reader: TopicReader, board: Board, live: Live) -> None:
    async for received in reader.follow():
        board.take(received)
        live.update(moving(board))
        if board.settled:
            return


def report(connection: Connection, console: Console, board: Board) -> None:
    """The table, what was unexpected, one trail."""
    console.print(results(board))
    latencies = sorted(row.latency_ms for row in board.rows.values() if row.latency_ms is not None)
    total = sum(row.cost_micros or 0 for row in board.rows.values())
    median_ms = latencies[len(latencies) // 2] if latencies else 0
    console.print(f"{board.finished} completed; {total} µUSD in all; median {median_ms} ms with all in flight at once")
    surprises = unexpected(board)
    console.print("\n".join(f"[yellow]unexpected[/yellow] {words}" for words in surprises) or "All ended as their samples expect.")
    shown = shown_request(board)
    console.print(trail(fetch_trail(connection, shown.interaction, shown.tenant, reveal=False), shown.interaction))


def shown_request(board: Board) -> DemoRequest:
    """The request whose trail is shown: a released one, of those with most personal data."""
    released = [row for row in board.rows.values() if row.completed and row.completed.outcome == "released"]
    if not released:
        raise CommandFailed("no request was released, so there is no trail to show: see `chancery status`")
    return max(released, key=lambda row: row.masked.total()).request
