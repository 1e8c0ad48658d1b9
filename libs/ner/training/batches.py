"""Windows of examples in batches of about as many pieces each."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from chancery_ner.labels import GENERAL, LEGAL, tags
from chancery_ner.tokens import CLS, SEP
from chancery_ner.windows import cut
from examples import UNKNOWN, Example
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    ids: Tensor
    shapes: Tensor
    general: Tensor
    legal: Tensor
    identifies: Tensor


Piece = tuple[Example, int, int]


def pieces(examples: Iterable[Example], longest: int, rng: random.Random) -> list[Piece]:
    """Windows of random greatest length that begin at random: other ones in each epoch."""
    found: list[Piece] = []
    for one in examples:
        size = len(one.tokens.ids)
        if not size:
            continue
        length = rng.randint(longest // 2, longest)
        first = int(rng.choice(one.tokens.words[: max(1, length // 2)])) if size > length else 0
        head = [(one, 0, first)] if first else []
        found += [*head, *((one, start, stop) for start, stop in cut(one.tokens, length, first))]
    return found


def batches(found: Sequence[Piece], budget: int, rng: random.Random) -> Iterator[Batch]:
    """In random order, those of a like length together."""
    ordered = sorted(found, key=lambda piece: (piece[2] - piece[1]) + rng.random() * 8)
    groups: list[list[Piece]] = [[]]
    for piece in ordered:
        longest = piece[2] - piece[1] + 2
        if groups[-1] and longest * (len(groups[-1]) + 1) > budget:
            groups.append([])
        groups[-1].append(piece)
    rng.shuffle(groups)
    return (_batch(group) for group in groups)


def _batch(group: Sequence[Piece]) -> Batch:
    length = max(stop - start for _, start, stop in group) + 2
    rows = len(group)
    ids, shapes = np.zeros((rows, length), np.int64), np.zeros((rows, length), np.int64)
    general, legal = np.ones((rows, length, tags(GENERAL)), np.bool_), np.ones((rows, length, tags(LEGAL)), np.bool_)
    identifies = np.full((rows, length), UNKNOWN, np.float32)
    for row, (one, start, stop) in enumerate(group):
        last = stop - start + 1
        ids[row, 0], ids[row, 1:last], ids[row, last] = CLS, one.tokens.ids[start:stop], SEP
        shapes[row, 1:last] = one.tokens.shapes[start:stop]
        general[row, 1:last], legal[row, 1:last] = one.general[start:stop], one.legal[start:stop]
        identifies[row, 1:last] = one.identifies[start:stop]
    return Batch(*(torch.from_numpy(array) for array in (ids, shapes, general, legal, identifies)))
