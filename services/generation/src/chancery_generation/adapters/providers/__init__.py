"""The wires of model providers, and the one exchange over HTTP that all of them share."""
