"""Things that the redaction stage needs, which are away for real for a while: a database behind a cut line, a key service."""

import asyncio
from urllib.parse import parse_qs, urlsplit, urlunsplit

from chancery_runtime.errors import KeyServiceDown


class CutLine:
    """A TCP relay to PostgreSQL that can be cut: then nothing connects, and what was connected is gone."""

    def __init__(self, url):
        parts = urlsplit(url)
        self._url, self._host, self._port = parts, parse_qs(parts.query).get("host", [parts.hostname])[0], parts.port or 5432
        self._open = set()
        self._server = None
        self._at = 0

    async def lay(self):
        """Opens the line, at the port where it was before."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self._at)
        self._at = self._server.sockets[0].getsockname()[1]

    @property
    def url(self):
        user = self._url.netloc.rpartition("@")[0]
        return urlunsplit((self._url.scheme, f"{user}@127.0.0.1:{self._at}", self._url.path, "", ""))

    async def cut(self):
        """Closes the door and every connection."""
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _relay(self, reader, writer):
        if self._host.startswith("/"):
            to = await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        else:
            to = await asyncio.open_connection(self._host, self._port)
        pairs = [(reader, to[1]), (to[0], writer)]
        self._open |= {one for _, one in pairs}
        await asyncio.gather(*(self._pump(*pair) for pair in pairs), return_exceptions=True)
        self._open -= {one for _, one in pairs}

    async def _pump(self, source, sink):
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        finally:
            sink.close()


class UnsteadyKeys:
    """A key service that is down so many times, then the one behind it."""

    def __init__(self, keys, times):
        self._keys, self._times = keys, times

    def __getattr__(self, name):
        async def call(*arguments):
            if self._times > 0:
                self._times -= 1
                raise KeyServiceDown("the key service does not answer")
            return await getattr(self._keys, name)(*arguments)

        return call
