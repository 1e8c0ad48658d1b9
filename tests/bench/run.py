"""`uv run poe bench [NAME] [--short]`: runs the benchmarks and keeps their results.

`--short` is for CI: every benchmark runs on little, and its figures are printed, not kept; they show that it runs, not how fast.
"""

import argparse
import asyncio
import importlib
import logging
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import structlog
import uvloop

HERE = Path(__file__).resolve().parent
NAMES = ("runner", "pipeline", "calls", "pack", "find", "append", "proofs", "pseudonyms", "redaction", "vault")
SHORT = {
    "runner": {"EVENTS": 2_000, "ROUNDS": 1, "WAVES": 8, "TIMED": 200, "BAD": 100},
    "pipeline": {"SECONDS_SLOW": 2, "COUNT_FAST": 30, "DOCUMENTS": "payments-*.md", "WARM": False},
    "calls": {"CALLS": 2_000, "STEADY_S": 4, "DIRECT_S": 2, "KILLED": 400, "KILLS": 1},
    "pack": {"MUTATIONS": 500, "EVENTS": 10_000},
    "find": {"INTERACTIONS": 10_000, "ROUNDS": 3},
    "append": {"INTERACTIONS": 2_000},
    "proofs": {"LEAVES": 100_000, "PROOFS": 200},
    "pseudonyms": {"VALUES": 2_000, "MATTERS": 10, "TEXTS": 500, "BYTEWISE": 250, "SERVICES": 8, "SHARED": 100},
    "redaction": {"CHARACTERS": 20_000, "TEXTS": 500, "WORST": 10_000},
    "vault": {"REQUESTS": 60, "WARM": 10},
}
"""Sizes of the short form, by their names in each benchmark."""


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
    from chancery_testing.figures import keep, show

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES)
    parser.add_argument("--short", action="store_true", help="little of everything, nothing kept")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),  # figures alone on the standard output
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),  # a thousand dead letters are meant
    )
    for name in [arguments.name] if arguments.name else NAMES:
        figures = [figure.as_dict() for figure in _measured(name, short=arguments.short)]
        if arguments.short:
            show(figures)
        else:
            keep(name, figures, HERE / "results")


def _measured(name, *, short):
    module = importlib.import_module(name)
    for size, value in SHORT[name].items() if short else ():
        assert hasattr(module, size), f"{name} has no {size}"
        setattr(module, size, value)
    if name == "runner":
        with _servers() as servers, asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            return loop.run(module.measure(servers.kafka_bootstrap))
    if name in {"append", "calls"}:
        with _servers() as servers:
            return asyncio.run(module.measure(servers.kafka_bootstrap, servers.database_url))
    if name in {"proofs", "vault"}:
        with _servers() as servers:
            return asyncio.run(module.measure(servers.database_url))
    if name == "pseudonyms":
        with _servers() as servers, tempfile.TemporaryDirectory(prefix="chancery-bench-") as folder:
            return module.measure(servers.database_url, Path(folder) / "keyring.json")
    if name == "find":
        with _servers() as servers, tempfile.TemporaryDirectory(prefix="chancery-bench-") as folder:
            return asyncio.run(module.measure(servers.database_url, Path(folder) / "keyring.json"))
    return module.measure()


if __name__ == "__main__":
    main()
