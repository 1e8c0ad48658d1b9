"""Embeddings of texts, computed here."""

from chancery_embedding.errors import EmbeddingFailed, EmbeddingModelMissing
from chancery_embedding.onnx_embedder import MODEL_NAME, OnnxEmbedder, Vector

__all__ = ["MODEL_NAME", "EmbeddingFailed", "EmbeddingModelMissing", "OnnxEmbedder", "Vector"]
