"""Which offsets of a partition were consumed: ranges, merged as they meet. Holes between them are gaps."""

import itertools
from collections.abc import Iterable

Range = tuple[int, int]
"""From the first offset to the one behind the last."""


def merge(ranges: Iterable[Range]) -> list[Range]:
    """The same offsets in as few ranges as can be, in order."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def of_offsets(offsets: Iterable[int]) -> list[Range]:
    """Ranges of single offsets."""
    return merge((offset, offset + 1) for offset in offsets)


def gaps(ranges: Iterable[Range]) -> list[Range]:
    """What is missing between the first and the last."""
    merged = merge(ranges)
    return [(left[1], right[0]) for left, right in itertools.pairwise(merged)]
