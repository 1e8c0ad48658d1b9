"""Stored tiles: 256 hashes wide, eight levels high, written once and readable by anyone's tools (C2SP tlog-tiles).

A tile (L, N) holds the roots of the perfect subtrees of 256^L leaves from number 256·N on. From tiles, proofs of a log of millions
of leaves need a handful of reads.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from chancery_ledger.errors import Malformed, TileMissing
from chancery_ledger.hashing import EMPTY_ROOT, consistency_ranges, inclusion_ranges, join_roots, merkle_root

WIDTH = 256
_HEIGHT = 8
_PATH = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """Where a tile lies, and how many hashes it has: 256, or fewer at the right edge. Level -1 is a bundle of entries."""

    level: int
    index: int
    width: int = WIDTH

    def path(self) -> str:
        """`tile/1/x001/067.p/112`; `tile/entries/…` for a bundle."""
        text = f"{self.index % 1000:03d}"
        rest = self.index // 1000
        while rest:
            text = f"x{rest % 1000:03d}/{text}"
            rest //= 1000
        level = "entries" if self.level < 0 else str(self.level)
        return f"tile/{level}/{text}" + (f".p/{self.width}" if self.width < WIDTH else "")


ReadTile = Callable[[Tile], bytes]
"""Gives a tile's bytes; a wider one than asked for will do. Raises TileMissing."""


def parse_path(path: str) -> Tile:
    """The reverse of `Tile.path`. Raises Malformed for any other spelling."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise Malformed("not the path of a tile")
    level, number, width = found.groups()
    tile = Tile(-1 if level == "entries" else int(level), int(number.replace("/", "").replace("x", "")), int(width or WIDTH))
    if tile.path() != path:  # leading zeros, a full width written out
        raise Malformed("not the path of a tile")
    return tile


def tiles_between(old: int, new: int, *, entries: bool = False) -> Iterator[Tile]:
    """The tiles that a log must write when it grows from `old` to `new` leaves, the lowest level first."""
    for level in range(-1 if entries else 0, _HEIGHT):
        before, after = old >> max(level, 0) * _HEIGHT, new >> max(level, 0) * _HEIGHT
        if level > 0 and after == 0:
            return
        for index in range(before // WIDTH, (after + WIDTH - 1) // WIDTH):
            tile = Tile(level, index, min(WIDTH, after - index * WIDTH))
            if tile.width > max(0, before - index * WIDTH):
                yield tile


def perfect_subtrees(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Height and index of the perfect subtrees that leaves `low` to `high` (not included) are made of, from left to right."""
    at = low
    while at < high:
        room = (high - at).bit_length() - 1
        level = min(room, (at & -at).bit_length() - 1) if at else room
        yield level, at >> level
        at += 1 << level


def tiles_for(size: int, stretches: Iterable[tuple[int, int]]) -> list[Tile]:
    """The tiles of a log of `size` leaves that the roots of these stretches (their ends not included) are made of."""
    places = {_place(level, index) for low, high in stretches for level, index in perfect_subtrees(low, high)}
    return [Tile(level, index, min(WIDTH, (size >> level * _HEIGHT) - index * WIDTH)) for level, index in sorted(places)]


def _place(level: int, index: int) -> tuple[int, int]:
    """Of the tile that the `index`-th perfect subtree of 2^level leaves lies in."""
    tile_level, above = divmod(level, _HEIGHT)
    return tile_level, (index << above) // WIDTH


class TiledTree:
    """Roots and proofs of a log of `size` leaves, from its tiles. Tiles once read are kept for the life of this object."""

    def __init__(self, size: int, read: ReadTile) -> None:
        self.size = size
        self._read = read
        self._kept: dict[tuple[int, int], list[bytes]] = {}

    def root(self, size: int | None = None) -> bytes:
        """Of the first `size` leaves, all of them by default. Raises TileMissing."""
        wanted = self.size if size is None else size
        return self._stretch(0, wanted) if wanted else EMPTY_ROOT

    def leaf_hash(self, index: int) -> bytes:
        """Raises TileMissing, IndexError."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self._node(0, index)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """PATH(index, D[size]) of RFC 6962 §2.1.1. Raises TileMissing, IndexError."""
        return [self._stretch(low, high) for low, high in inclusion_ranges(index, self._within(size))]

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """PROOF(old, D[new]) of RFC 6962 §2.1.2. Raises TileMissing, IndexError."""
        return [self._stretch(low, high) for low, high in consistency_ranges(old, self._within(new))]

    def _within(self, size: int | None) -> int:
        if size is None:
            return self.size
        if size > self.size:
            raise IndexError(size)
        return size

    def _stretch(self, low: int, high: int) -> bytes:
        """The root of a stretch that RFC 6962's splitting makes: perfect subtrees from left to right, joined from the right."""
        return join_roots([self._node(level, index) for level, index in perfect_subtrees(low, high)])

    def subtree(self, level: int, index: int) -> bytes:
        """The root of the `index`-th perfect subtree of 2^level leaves. Raises TileMissing."""
        return self._node(level, index)

    def _node(self, level: int, index: int) -> bytes:
        """The perfect subtree of 2^level leaves: the root of a run of a tile's hashes."""
        tile_level, above = divmod(level, _HEIGHT)
        first = index << above
        hashes = self._tile(tile_level, first // WIDTH)
        offset = first % WIDTH
        run = hashes[offset : offset + (1 << above)]
        if len(run) < 1 << above:
            raise TileMissing(f"{Tile(tile_level, first // WIDTH).path()} is too short")
        return merkle_root(run)

    def _tile(self, level: int, index: int) -> list[bytes]:
        found = self._kept.get((level, index))
        if found is None:
            width = min(WIDTH, (self.size >> level * _HEIGHT) - index * WIDTH)
            data = self._read(Tile(level, index, width))
            if len(data) < 32 * width:
                raise TileMissing(f"{Tile(level, index, width).path()} is too short")
            found = self._kept[(level, index)] = [data[at : at + 32] for at in range(0, 32 * width, 32)]
        return found


def tile_bytes(tile: Tile, below: Callable[[int, int], Sequence[bytes]], skip: int = 0) -> bytes:
    """A tile made from `below(level, index)`, the full hashes of the tiles one level beneath (of leaves for level 0).

    `skip`: its first hashes are there already and are left out.
    """
    if tile.level == 0:
        return b"".join(below(-1, tile.index)[skip : tile.width])
    return b"".join(merkle_root(below(tile.level - 1, tile.index * WIDTH + n)) for n in range(skip, tile.width))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Up to 256 entries, each behind its length in 16 bits, big-endian (C2SP tlog-tiles, *Log entries*)."""
    if any(len(entry) > 65_535 for entry in entries) or len(entries) > WIDTH:
        raise Malformed("entries that no bundle holds")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """The reverse. Raises Malformed."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data):
            raise Malformed("the bundle ends within an entry")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) > WIDTH:
        raise Malformed("a bundle has 256 entries at most")
    return entries
