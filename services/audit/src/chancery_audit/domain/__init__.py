"""Pure: envelopes of events, ranges of offsets."""
