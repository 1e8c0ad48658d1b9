"""Checks of answers, verdicts."""
