"""Detection fails closed: whatever goes wrong in a detector is a Retry that ends in `redaction_unavailable`, never "no findings".

The detector runs in child processes. One that raises, hangs, dies or answers nonsense costs one request a try and, at most, a child.
"""

import asyncio
import multiprocessing
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import LifoQueue
from typing import Any

import structlog
from chancery_contracts.bodies import RedactionPolicyBody
from chancery_contracts.failures import Retry
from chancery_runtime.metrics import counter, histogram

from chancery_redaction.adapters.detecting import READY, MakeDetector, serve
from chancery_redaction.domain.soundness import unsound
from chancery_redaction.domain.spans import Span
from chancery_redaction.errors import DetectorFailed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of detection: children at once, and how long a child may take to load, to answer, and to become free for a request."""

    processes: int = 2
    start_s: float = 180.0
    answer_s: float = 20.0
    wait_s: float = 20.0


class GuardedDetector:
    """A Detector over child processes. `start` before use; `close` after."""

    def __init__(self, make: MakeDetector, bounds: Bounds = Bounds()) -> None:
        self._bounds = bounds
        self._threads = ThreadPoolExecutor(bounds.processes, thread_name_prefix="detector")
        self._free = asyncio.Semaphore(bounds.processes)
        self._idle: LifoQueue[_Child] = LifoQueue()
        self._children = [_Child(make, bounds) for _ in range(bounds.processes)]
        self._seconds = histogram("chancery_redaction_mask_seconds", "Seconds to find personal data in one request")
        self._found = counter("chancery_redaction_findings_total", "Personal data found", ("entity_type",))

    async def start(self) -> None:
        """Loads every child's detector. Raises DetectorFailed where one cannot be: the service must not start."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(self._threads, child.load) for child in self._children))
        for child in self._children:
            self._idle.put(child)

    async def ping(self) -> None:
        """Raises DetectorFailed while no child can be loaded. One that was ended is no fault: the next request loads another."""
        if not any(child.loads for child in self._children):
            raise DetectorFailed("no child process could be loaded")

    async def detect(self, texts: Sequence[str], policy: RedactionPolicyBody) -> list[list[Span]]:
        """Settled spans of each text. Raises Retry."""
        with self._seconds.time():
            found: list[list[Span]] = await self._ask(texts, policy)
        fault = unsound(texts, found)
        if fault is not None:
            raise _retry(f"answered {fault}")
        for span in (span for spans in found for span in spans):
            self._found.labels(span.entity_type).inc()
        return found

    async def _ask(self, texts: Sequence[str], *rest: object) -> Any:
        try:
            await asyncio.wait_for(self._free.acquire(), self._bounds.wait_s)
        except TimeoutError:
            raise _retry("has no process free") from None
        try:
            # Shielded: should the handler be cancelled, the child still finishes or is ended before another asks it.
            return await asyncio.shield(self._running(list(texts), *rest))
        finally:
            self._free.release()

    def _running(self, *asked: object) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().run_in_executor(self._threads, self._ask_child, asked)

    def _ask_child(self, asked: tuple[object, ...]) -> Any:
        child = self._idle.get()
        try:
            return child.ask(asked)
        except DetectorFailed as exc:
            raise _retry(str(exc)) from exc
        finally:
            self._idle.put(child)

    def close(self) -> None:
        """Ends the children, then the threads that wait for them."""
        for child in self._children:
            child.end()
        self._threads.shutdown(wait=True, cancel_futures=True)


class _Child:
    """One process and the pipe to it; used by one thread at a time, ended by any."""

    def __init__(self, make: MakeDetector, bounds: Bounds) -> None:
        self._make = make
        self._bounds = bounds
        self._process: Any = None
        self._pipe: Any = None
        self._closed = False
        self.loads = False
        """Whether its detector could be loaded when it last was."""
        self._ending = threading.Lock()

    def load(self) -> None:
        """Starts the process and waits for its detector. Raises DetectorFailed."""
        self.loads = False
        try:
            self._start()
        except OSError as exc:  # no memory, no process, no file left: it passes
            raise DetectorFailed("could not be started") from exc
        if self._receive(self._bounds.start_s) != READY:
            raise DetectorFailed("did not start")
        self.loads = True

    def _start(self) -> None:
        # Spawned and not forked: the parent has threads, and a fork would copy their locks as they stand.
        context = multiprocessing.get_context("spawn")
        with self._ending:
            if self._closed:
                raise DetectorFailed("is closed")
            self._pipe, theirs = context.Pipe()
            process = context.Process(target=serve, args=(self._make, theirs, self._bounds.answer_s), name="detector", daemon=True)
            process.start()
            self._process = process
            theirs.close()

    def ask(self, asked: tuple[object, ...]) -> Any:
        """The child's answer. Raises DetectorFailed; a child that gave none is ended, and another is loaded for the next request."""
        if self._process is None or not self._process.is_alive():
            self.load()
        try:
            self._pipe.send(asked)
        except OSError as exc:
            self._kill()
            raise DetectorFailed("died") from exc
        answer = self._receive(self._bounds.answer_s)
        if isinstance(answer, str):
            raise DetectorFailed(f"raised {answer}")
        return answer

    def _receive(self, within_s: float) -> Any:
        try:
            if self._pipe.poll(within_s):
                return self._pipe.recv()
        except (EOFError, OSError) as exc:
            self._kill()
            raise DetectorFailed("died") from exc
        except Exception as exc:
            # What a pickle raises that is cut or says nonsense is anything (documentation of `pickle.UnpicklingError`).
            self._kill()
            raise DetectorFailed(f"answered what cannot be read: {type(exc).__name__}") from exc
        self._kill()
        raise DetectorFailed(f"gave no answer in {within_s:g} s")

    def _kill(self) -> None:
        with self._ending:
            if self._process is not None:
                log.warning("detector_ended", alive=self._process.is_alive())
                self._process.kill()
                self._process.join()
                self._pipe.close()

    def end(self) -> None:
        """For good."""
        with self._ending:
            self._closed = True
            if self._process is not None:
                self._process.kill()
                self._process.join()


def _retry(words: str) -> Retry:
    return Retry(f"the detector of personal data {words}", code="redaction_unavailable")
