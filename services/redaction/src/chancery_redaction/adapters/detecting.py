"""The child process that detects: loads a detector, then answers one question after the other until its parent is gone.

A child and not a thread: what hangs in a native call or a regular expression can be ended by nothing less than the end of its process.
"""

import asyncio
import faulthandler
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection

from chancery_runtime.logs import configure_logs

from chancery_redaction.adapters.entities import Model, make_entities
from chancery_redaction.ports import Detector

MakeDetector = Callable[[], Detector]
"""A function of a module, so that the child can import it; what it imports is loaded in the child alone."""
READY = "ready"


def default_detector(model: Model = "model") -> Detector:
    """The detector that the service runs with, `model` finding names. One thread: the children are the parallelism."""
    from chancery_redaction.adapters.normalising import NormalisingDetector
    from chancery_redaction.adapters.searching import SearchingDetector

    return NormalisingDetector(SearchingDetector(make_entities(model), threads=1))


def serve(make: MakeDetector, connection: Connection, timeout_s: float) -> None:
    """Says READY, then sends spans, or the name of an exception's type: its text may hold what was in the request."""
    # Read when numpy is loaded, below: so many threads a child would only get in each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    configure_logs("redaction", "WARNING")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when we end
    with asyncio.Runner() as runner:
        detector = make()
        connection.send(READY)
        while True:
            try:
                asked = connection.recv()
            except EOFError:  # the parent is gone
                return
            # Should the parent die while we hang: a watchdog outside of Python, which no lock holds up, ends us.
            faulthandler.dump_traceback_later(timeout_s * 2, exit=True)
            try:
                answer: object = runner.run(detector.detect(*asked))
            except Exception as exc:  # noqa: BLE001 - any fault of an analyzer is an answer: the parent makes it a Retry
                answer = type(exc).__name__
            faulthandler.cancel_dump_traceback_later()
            connection.send(answer)
