"""Simulated model providers: each speaks its vendor's wire as the vendor's documents have it, well and badly."""
