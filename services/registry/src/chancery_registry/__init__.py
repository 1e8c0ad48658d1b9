"""Prompts, models, use cases, policies: versions, approvals, effective dates."""
