"""The embedding model, and the index in PostgreSQL."""
