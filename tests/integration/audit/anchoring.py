"""What the tests of anchors share: the loop on the real trail, a TSA over HTTP, and what an operator with database and key can do."""

import asyncio
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chancery_audit.adapters.anchoring import Anchoring
from chancery_audit.domain.anchors import AnchorBounds
from chancery_contracts.event import system_clock
from chancery_storage import load_queries
from chancery_testing.builders import redacted


class Shifted:
    """The real time, and what a test adds to it."""

    def __init__(self):
        self.by = timedelta()

    def __call__(self):
        return system_clock() + self.by


def anchoring(audit, *anchors, every_s=0.0, overdue_s=0.0, timeout_s=5.0, clock=system_clock):
    """As the service builds it, without waiting between two anchors of a log unless told."""
    holder = audit.checkpoints._signer.holder
    return Anchoring(audit.database, load_queries("chancery_audit"), anchors, holder, AnchorBounds(every_s, overdue_s, timeout_s), clock)


async def grow(audit, tenant, count=1):
    """More entries, signed. The checkpoint, a note."""
    await audit.take(*(redacted(tenant=tenant) for _ in range(count)))
    await audit.checkpoints.publish_moved()
    return await audit.text(f"log/{tenant}/checkpoint")


async def stored(audit, tenant):
    """Anchors on record, oldest first."""
    return await audit.run("SELECT kind, size, at, evidence FROM anchors WHERE tenant = $1 ORDER BY size, kind", tenant)


async def rewrite(audit, tenant):
    """As an operator with database and key: another log of the same tenant, whole and signed, and no trace of the one before."""
    guarded = ("entries", "checkpoints", "anchors")
    beside = ("payloads", "data_keys", "scopes", "places", "cosignatures", "tiles", "logs", "heads")
    async with audit.database.transaction() as connection:
        for table in guarded:
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for table in (*beside, *guarded):
            await connection.execute(f"DELETE FROM {table} WHERE tenant = $1", tenant)
        for table in guarded:
            await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


async def command(url, *words):
    """`chancery audit …`, as its own process: status, output, errors."""
    environment = {"CHANCERY_KAFKA_BOOTSTRAP": "none", "CHANCERY_AUDIT_URL": url, "CHANCERY_OPERATOR_TOKEN": "operator"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chancery_cli", "audit", *words, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


class TsaServer:
    """A time-stamp authority over HTTP; `answer` makes of a query the status and body of the response."""

    def __init__(self, authority):
        self.authority = authority
        self.queries = []
        self.honest()

    def honest(self):
        """As RFC 3161 wants it."""
        self.answer = lambda query: (200, self.authority.reply(query))

    @contextmanager
    def running(self, port=0):
        """Its URL, as long as it runs."""
        server, tsa = None, self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                query = self.rfile.read(int(self.headers["content-length"]))
                tsa.queries.append((query, self.headers["content-type"]))
                status, body = tsa.answer(query)
                self.send_response(status)
                self.send_header("content-type", "application/timestamp-reply")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
