"""Implementations of the ports: PostgreSQL, the price list."""
