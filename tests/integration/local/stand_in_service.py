"""A service in miniature: `/health` answers 200; `--die` ends at once; `--die-once FILE` ends until the file exists."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


if __name__ == "__main__":
    if "--die" in sys.argv:
        sys.exit("cannot start: the reason")
    if "--die-once" in sys.argv and not Path(sys.argv[-1]).exists():
        Path(sys.argv[-1]).touch()
        sys.exit("not yet")
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
