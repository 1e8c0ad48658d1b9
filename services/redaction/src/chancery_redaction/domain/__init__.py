"""Pure: spans, pseudonyms, masking, restoring. No I/O."""
