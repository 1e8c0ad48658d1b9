"""Implementations of the ports: the trail in PostgreSQL, the batching writer."""
