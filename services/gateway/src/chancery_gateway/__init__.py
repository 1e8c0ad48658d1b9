"""HTTP in: authenticates, accepts, answers, streams progress."""
