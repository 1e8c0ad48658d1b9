"""Builders, contract suites, provider simulator."""
