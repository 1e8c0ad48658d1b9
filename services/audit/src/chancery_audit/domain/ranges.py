"""Which offsets of a partition were recorded, as half-open ranges: gaps are what lies between them."""

from collections.abc import Iterable
from itertools import pairwise

Ranges = list[tuple[int, int]]
"""Sorted, disjoint, not touching; each (first, after the last)."""


def merge(ranges: Ranges, offsets: Iterable[int]) -> Ranges:
    """The ranges with these offsets taken in, in whatever order they came; offsets known already change nothing."""
    merged: Ranges = []
    for start, stop in sorted([*ranges, *((offset, offset + 1) for offset in offsets)]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        else:
            merged.append((start, stop))
    return merged


def gaps(ranges: Ranges) -> Ranges:
    """The holes between the first offset that was seen and the last."""
    return [(before[1], after[0]) for before, after in pairwise(ranges)]


def flatten(ranges: Ranges) -> list[int]:
    """As the database keeps them: first, after, first, after, …"""
    return [bound for one in ranges for bound in one]


def unflatten(bounds: list[int]) -> Ranges:
    """The reverse of `flatten`."""
    return list(zip(bounds[0::2], bounds[1::2], strict=True))
