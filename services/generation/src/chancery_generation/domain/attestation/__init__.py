"""Attestation documents of AWS Nitro Enclaves: which code holds a key, said by the hardware that runs it. Pure."""
