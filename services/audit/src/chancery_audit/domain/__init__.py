"""Pure parts of audit."""
