"""Cosines of sentences, by the embedding model that retrieval uses. Vectors of what may be quoted are kept: passages come again."""

import asyncio
from collections.abc import Sequence
from operator import mul

from cachetools import LRUCache
from chancery_embedding import OnnxEmbedder, Vector

from chancery_generation.domain.extractive.meaning import Comparison, Meanings

KEPT = 8_192
"""Texts whose vectors are kept: some 30 MB."""


class EmbeddedMeanings:
    """Port `Comparing`. Raises EmbeddingFailed, a Retry."""

    def __init__(self, embedder: OnnxEmbedder, kept: int = KEPT) -> None:
        self._embedder = embedder
        self._vectors: LRUCache[str, Vector] = LRUCache(kept)

    async def compare(self, comparisons: Sequence[Comparison]) -> Meanings:
        """Questions are embedded on a thread of their own, beside the texts."""
        texts = list(dict.fromkeys(text for one in comparisons for text in one.texts))
        known = {text: self._vectors[text] for text in texts if text in self._vectors}
        missing = [text for text in texts if text not in known]
        made, asked = await asyncio.gather(
            self._embedder.embed_passages(missing), asyncio.gather(*(self._embedder.embed_query(one.question) for one in comparisons))
        )
        known |= dict(zip(missing, made, strict=True))
        self._vectors.update(known)
        pairs = [(one.question, vector, text) for one, vector in zip(comparisons, asked, strict=True) for text in one.texts]
        return Meanings({(question, text): _cosine(vector, known[text]) for question, vector, text in pairs})


def _cosine(one: Vector, other: Vector) -> float:
    """Of unit vectors."""
    return float(sum(map(mul, one, other)))
