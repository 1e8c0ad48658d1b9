"""PostgreSQL and batching."""
