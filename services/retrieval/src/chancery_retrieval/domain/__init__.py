"""What retrieval knows without any I/O: cutting, asking, fusing, choosing."""
