"""Implementations of the ports: progress in PostgreSQL."""
