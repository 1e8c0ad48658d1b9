"""Settings of retrieval, read once in `main`."""

from pathlib import Path

from chancery_runtime.settings import ServiceSettings
from pydantic import Field


class RetrievalSettings(ServiceSettings):
    """`CHANCERY_EMBEDDING_MODEL_PATH`, `CHANCERY_RETRIEVAL_EMBEDDING_THREADS`, …"""

    http_port: int = 8003
    embedding_model_path: Path
    embedding_tokenizer_path: Path
    retrieval_embedding_threads: int = Field(default=2, ge=1, le=64)
    """Threads that embed passages; queries have one of their own, so that a large document does not hold them up."""
    retrieval_documents_in_flight: int = Field(default=4, ge=1, le=64)
    retrieval_max_document_characters: int = Field(default=1_000_000, ge=1)
    retrieval_max_passages: int = Field(default=10_000, ge=1)
    retrieval_candidates: int = Field(default=100, ge=1, le=1_000)
    """How many of each search go into the fusion."""
    retrieval_exact_up_to: int = Field(default=12_000, ge=0)
    """Passages in scope up to which vectors are compared one by one; beyond, the HNSW index is used."""
