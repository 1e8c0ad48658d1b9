"""Presidio; pseudonyms, vault, restore."""
