"""PostgreSQL, Kafka, audit."""
