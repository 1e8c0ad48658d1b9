"""`uv run poe bench [NAME]`: runs the benchmarks and keeps their results."""

import argparse
import asyncio
import importlib
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import structlog

HERE = Path(__file__).resolve().parent
NAMES = ("runner", "pipeline", "pack", "find", "append", "proofs")


@contextmanager
def _servers():
    bootstrap, url = os.environ.get("CHANCERY_KAFKA_BOOTSTRAP"), os.environ.get("CHANCERY_DATABASE_URL")
    if bootstrap and url:
        yield SimpleNamespace(kafka_bootstrap=bootstrap, database_url=url)
        return
    from chancery_local import embedded_servers

    with tempfile.TemporaryDirectory(prefix="chancery-bench-") as folder, embedded_servers(Path(folder)) as servers:
        yield servers


def main() -> None:
    """Prints one JSON line a figure."""
    from chancery_testing.figures import keep

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES)
    parser.add_argument("--short", action="store_true", help="append and proofs: a tenth of the events, a fiftieth of the leaves")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # figures alone on the standard output
    for name in [arguments.name] if arguments.name else NAMES:
        module = importlib.import_module(name)
        if name == "runner":
            with _servers() as servers:
                figures = asyncio.run(module.measure(servers.kafka_bootstrap))
        elif name == "append":
            with _servers() as servers:
                figures = asyncio.run(module.measure(servers.kafka_bootstrap, servers.database_url, short=arguments.short))
        elif name == "proofs":
            with _servers() as servers:
                figures = asyncio.run(module.measure(servers.database_url, short=arguments.short))
        elif name == "find":
            with _servers() as servers, tempfile.TemporaryDirectory(prefix="chancery-bench-") as folder:
                figures = asyncio.run(module.measure(servers.database_url, Path(folder) / "keyring.json"))
        else:
            figures = module.measure()
        short = arguments.short and name in ("append", "proofs")
        keep(f"{name}-short" if short else name, [figure.as_dict() for figure in figures], HERE / "results")


if __name__ == "__main__":
    main()
