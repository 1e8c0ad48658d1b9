"""Checks every answer against its passages, and says whether it may be released."""
