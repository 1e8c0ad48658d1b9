"""The classifier: one ONNX session, any number of threads that call it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from chancery_ner.decoding import candidates
from chancery_ner.entity import Candidate, Entity
from chancery_ner.labels import GENERAL, GENERAL_AT, IDENTIFIES_AT, LEGAL, LEGAL_AT, OUTPUTS
from chancery_ner.profiles import Profile, apply, parse
from chancery_ner.tokens import CLS, SEP, Tokens, tokenize
from chancery_ner.windows import Window, cut

Floats = NDArray[np.float32]
HEADS = {"general": (GENERAL, GENERAL_AT, 0.4), "legal": (LEGAL, LEGAL_AT, 0.1)}
"""Types, columns, and the least chance that a word is of any type."""
LONGEST = 94
BUDGET = 64
"""Pieces that the model reads at once: bounds its memory."""
DEFAULT = "general"


class TokenClassifier:
    """Finds personal data. Safe to share between threads; holds nothing of the texts."""

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer, profiles: Mapping[str, Profile]) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self.profiles = profiles

    @classmethod
    def load(cls, threads: int = 1, folder: Path | None = None) -> TokenClassifier:
        """The shipped weights, or those of a folder. `threads`: of one call; callers may be many."""
        data = files("chancery_ner").joinpath("data") if folder is None else folder
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # lengths differ from text to text: the arena would keep the most of each
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(data.joinpath("model.onnx").read_bytes(), options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_str(data.joinpath("tokenizer.json").read_text("utf-8"))
        return cls(session, tokenizer, parse(data.joinpath("profiles.json").read_text("utf-8")))

    def find(self, text: str, profile: str = DEFAULT) -> list[Entity]:
        """Entities in order, no two of which overlap. An unknown profile is a `KeyError`."""
        chosen = self.profiles[profile]
        return apply(text, self.candidates(text, (chosen.head,))[chosen.head], chosen)

    def candidates(self, text: str, heads: tuple[str, ...]) -> dict[str, list[Candidate]]:
        """Spans of each head before any threshold."""
        tokens = tokenize(self._tokenizer, text)
        logits = self._read(tokens)
        found: dict[str, list[Candidate]] = {}
        for head in heads:
            types, columns, floor = HEADS[head]
            found[head] = candidates(text, tokens, logits[:, columns], logits[:, IDENTIFIES_AT], types, floor)
        return found

    def _read(self, tokens: Tokens) -> Floats:
        logits = np.zeros((len(tokens.ids), OUTPUTS), dtype=np.float32)
        for group in _groups(cut(tokens, LONGEST)):
            ids, shapes = _padded(tokens, group)
            (read,) = self._session.run(None, {"ids": ids, "shapes": shapes})
            for row, (start, stop) in enumerate(group):
                logits[start:stop] = read[row, 1 : stop - start + 1]
        return logits


def _groups(windows: list[Window]) -> Iterator[list[Window]]:
    """Windows of like length together, so that little is padding."""
    group: list[Window] = []
    for window in sorted(windows, key=lambda one: one[1] - one[0]):
        if group and (window[1] - window[0] + 2) * (len(group) + 1) > BUDGET:
            yield group
            group = []
        group.append(window)
    if group:
        yield group


def _padded(tokens: Tokens, group: list[Window]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    length = max(stop - start for start, stop in group) + 2
    ids, shapes = np.zeros((len(group), length), np.int64), np.zeros((len(group), length), np.int64)
    for row, (start, stop) in enumerate(group):
        last = stop - start + 1
        ids[row, 0], ids[row, 1:last], ids[row, last] = CLS, tokens.ids[start:stop], SEP
        shapes[row, 1:last] = tokens.shapes[start:stop]
    return ids, shapes
