"""Reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009): score = sum of weight / (k + rank)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """`k` damps the first ranks; the weights were measured on development data (README)."""

    k: int = 60
    vector: float = 1.0
    text: float = 0.33


@dataclass(frozen=True, slots=True)
class Fused:
    """A passage's key, its score, and its ranks (from 1) in both searches."""

    key: int
    score: float
    vector_rank: int | None
    text_rank: int | None


def fuse(by_vector: Sequence[int], by_text: Sequence[int], limit: int, weights: FusionWeights | None = None) -> list[Fused]:
    """The best `limit`, best first; equal scores in order of key, so that the same input gives the same output."""
    weights = weights or FusionWeights()
    vector_ranks = _ranks(by_vector)
    text_ranks = _ranks(by_text)
    fused = [
        Fused(key, _score(vector_ranks.get(key), weights.vector, weights) + _score(text_ranks.get(key), weights.text, weights),
              vector_ranks.get(key), text_ranks.get(key))
        for key in vector_ranks | text_ranks
    ]  # fmt: skip
    return sorted(fused, key=lambda one: (-one.score, one.key))[:limit]


def _ranks(keys: Sequence[int]) -> dict[int, int]:
    ranks: dict[int, int] = {}
    for rank, key in enumerate(keys, start=1):
        ranks.setdefault(key, rank)
    return ranks


def _score(rank: int | None, weight: float, weights: FusionWeights) -> float:
    return 0.0 if rank is None else weight / (weights.k + rank)
