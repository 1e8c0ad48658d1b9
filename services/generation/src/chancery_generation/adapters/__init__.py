"""What talks to model providers and to PostgreSQL."""
