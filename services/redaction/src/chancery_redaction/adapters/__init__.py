"""Implementations of the ports: Presidio, the vault in PostgreSQL."""
