"""A detector whose process cannot even be started is one that failed: a request waits for it, and the stage goes on."""

import multiprocessing
import pickle

import pytest
from chancery_contracts.bodies import RedactionPolicyBody
from chancery_contracts.failures import Retry
from chancery_redaction.adapters.detecting import default_detector
from chancery_redaction.adapters.guarding import Bounds, GuardedDetector
from chancery_redaction.errors import DetectorFailed


async def test_a_process_that_cannot_be_started_is_a_retry(monkeypatch):
    def without_files(_):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(multiprocessing.get_context("spawn").__class__, "Pipe", without_files)
    detector = GuardedDetector(default_detector, Bounds(processes=1, start_s=1, answer_s=1, wait_s=1))
    with pytest.raises(DetectorFailed):
        await detector.start()
    detector._idle.put(detector._children[0])
    with pytest.raises(Retry) as caught:
        await detector.detect(["Ann Lee"], RedactionPolicyBody(entity_types=("PERSON",)))
    assert caught.value.code == "redaction_unavailable"
    with pytest.raises(DetectorFailed):
        await detector.ping()
    detector.close()


class Nonsense:
    """A pipe whose answers are no pickles."""

    def send(self, _):
        pass

    def poll(self, _):
        return True

    def recv(self):
        return pickle.loads(b"nonsense")

    def close(self):
        pass


class Living:
    """A process that is there until it is ended."""

    alive = True

    def is_alive(self):
        return self.alive

    def kill(self):
        self.alive = False

    def join(self):
        pass


async def test_an_answer_that_cannot_be_read_is_a_retry_and_ends_its_process():
    detector = GuardedDetector(default_detector, Bounds(processes=1, start_s=1, answer_s=1, wait_s=1))
    child = detector._children[0]
    child._process, child._pipe = Living(), Nonsense()
    detector._idle.put(child)
    with pytest.raises(Retry, match="UnpicklingError") as caught:
        await detector.detect(["Ann Lee"], RedactionPolicyBody(entity_types=("PERSON",)))
    assert caught.value.code == "redaction_unavailable"
    assert not child._process.alive
    detector.close()
