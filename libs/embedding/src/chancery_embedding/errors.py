"""Errors of the embedding model."""

from chancery_contracts.failures import ChanceryError, Retry


class EmbeddingModelMissing(ChanceryError):
    """A file of the embedding model is not there or is not readable as one. Set CHANCERY_EMBEDDING_MODEL_PATH and
    CHANCERY_EMBEDDING_TOKENIZER_PATH to `model.onnx` and `tokenizer.json`; `chancery up` fetches and sets both."""


class EmbeddingFailed(Retry):
    """The embedding model failed on a text, most likely for want of memory. Wait; the runner does so by itself."""
