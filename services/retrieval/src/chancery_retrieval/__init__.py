"""Documents, chunks, embeddings; pgvector and full text."""
