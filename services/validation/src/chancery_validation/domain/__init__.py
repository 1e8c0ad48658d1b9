"""Pure rules of validation: what an answer claims, and whether its passages bear it out. No I/O."""
