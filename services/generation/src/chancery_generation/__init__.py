"""Calls language models, once for each event, and turns what they say into cited answers."""
