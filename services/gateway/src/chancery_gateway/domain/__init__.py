"""Pure: requests, progress, fingerprints."""
