"""Embedded stack: real Apache Kafka and PostgreSQL as child processes."""
