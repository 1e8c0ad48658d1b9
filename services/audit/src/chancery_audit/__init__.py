"""The audit trail: append, prove, query."""
