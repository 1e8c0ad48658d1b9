"""bge-small-en-v1.5, quantised to int8, run by onnxruntime (Xiao et al. 2023, arXiv 2309.07597)."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from chancery_embedding.errors import EmbeddingFailed, EmbeddingModelMissing

Vector = list[float]
WINDOW_TOKENS = 512
MODEL_NAME = "bge-small-en-v1.5-int8"
_CHARACTERS_PER_TOKEN = 6
"""WordPiece makes one token of any word beyond 100 characters; a text counts as at least this dense."""
_SLICE = 8


class OnnxEmbedder:
    """Thread-safe. Passages have a pool of bounded size, questions a thread of their own.

    Texts run one by one: the int8 model scales its activations over the whole batch, so that a neighbour or its padding
    would change a vector; and on a CPU batches are not faster (README).
    """

    def __init__(self, session: Any, tokenizer: Any, threads: int) -> None:
        self._session = session
        self._counting = tokenizer
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.enable_truncation(WINDOW_TOKENS)
        self._passages = ThreadPoolExecutor(threads, thread_name_prefix="embed-passages")
        self._questions = ThreadPoolExecutor(1, thread_name_prefix="embed-question")

    @classmethod
    def load(cls, model: Path, tokenizer: Path, threads: int = 2) -> "OnnxEmbedder":
        """Raises EmbeddingModelMissing."""
        for path in (model, tokenizer):
            if not path.is_file():
                raise EmbeddingModelMissing(f"{path} is not a file. {_advice()}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # our pool is the parallelism
        options.inter_op_num_threads = 1
        try:
            session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            words = Tokenizer.from_file(str(tokenizer))
        except Exception as exc:  # both libraries raise plain Exception for a damaged file
            raise EmbeddingModelMissing(f"{model} or {tokenizer} is damaged. {_advice()}") from exc
        words.no_truncation()
        words.no_padding()
        return cls(session, words, threads)

    @property
    def name(self) -> str:
        """Model and precision."""
        return MODEL_NAME

    def count_tokens(self, text: str) -> int:
        """Without the two special tokens."""
        return max(len(self._counting.encode(text, add_special_tokens=False)), len(text) // _CHARACTERS_PER_TOKEN)

    async def embed_query(self, text: str) -> Vector:
        """About 2 ms. Without the instruction that the model's card allows: questions fare better so (README)."""
        loop = asyncio.get_running_loop()
        return (await loop.run_in_executor(self._questions, self._embed, [text]))[0]

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """In slices, so that documents side by side share the pool."""
        loop = asyncio.get_running_loop()
        slices = [list(texts[start : start + _SLICE]) for start in range(0, len(texts), _SLICE)]
        vectors: list[Vector] = []
        for done in await asyncio.gather(*(loop.run_in_executor(self._passages, self._embed, some) for some in slices)):
            vectors.extend(done)
        return vectors

    async def close(self) -> None:
        """Drops what has not begun."""
        for pool in (self._passages, self._questions):
            pool.shutdown(wait=False, cancel_futures=True)

    def _embed(self, texts: list[str]) -> list[Vector]:
        try:
            return [self._one(text) for text in texts]
        except Exception as exc:  # onnxruntime's errors share no other base
            raise EmbeddingFailed(f"the embedding model failed: {type(exc).__name__}", code="retrieval_unavailable") from exc

    def _one(self, text: str) -> Vector:
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        first = self._session.run(None, feed)[0][0, 0]  # the CLS token stands for the text
        unit: Vector = (first / np.linalg.norm(first)).tolist()
        return unit


def _advice() -> str:
    """The error's docstring says what to do (style, *Errors*); on one line."""
    return " ".join((EmbeddingModelMissing.__doc__ or "").split())
