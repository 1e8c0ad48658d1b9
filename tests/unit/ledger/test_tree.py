"""Roots and proofs from hashes, from a growing edge and from tiles are the same, and those of an independent implementation."""

from functools import cache
from hashlib import sha256

import pytest
from chancery_ledger import (
    EMPTY_ROOT,
    Frontier,
    Malformed,
    Tile,
    TiledTree,
    TileMissing,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    parse_path,
    tile_bytes,
    tiles_between,
    verify_consistency,
    verify_inclusion,
)
from chancery_ledger.hashing import consistency_ranges, inclusion_ranges
from chancery_ledger.tiles import tiles_for
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

LARGEST = 100_000


@cache
def _hashes(count=LARGEST):
    return tuple(leaf_hash(n.to_bytes(4, "big")) for n in range(count))


@cache
def _tiles(size, start=0):
    """Every tile that a log writes while it grows to `size`, as a folder would hold them."""
    hashes, full = _hashes(), {}

    def below(level, index):
        return hashes[index * 256 : index * 256 + 256] if level < 0 else full[(level, index)]

    for tile in tiles_between(start, size):
        data = tile_bytes(tile, below)
        full[(tile.level, tile.index)] = [data[at : at + 32] for at in range(0, len(data), 32)]
    return {place: b"".join(found) for place, found in full.items()}


def _tree(size):
    tiles = _tiles(size)
    return TiledTree(size, lambda tile: tiles[(tile.level, tile.index)])


class TestAgainstPymerkle:
    @pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100, 257])
    def test_roots_and_proofs_are_the_same(self, size):
        peer = InmemoryTree(algorithm="sha256")
        for n in range(size):
            peer.append_entry(n.to_bytes(4, "big"))
        hashes = _hashes(size)
        for part in range(1, size + 1):
            assert merkle_root(hashes[:part]) == peer.get_state(part)
        for index in range(0, size, max(1, size // 5)):
            theirs = [bytes.fromhex(one) for one in peer.prove_inclusion(index + 1, size).serialize()["path"]]
            assert theirs[1:] == inclusion_proof(hashes, index)


class TestGrowing:
    @given(st.integers(0, 3000))
    def test_the_edge_says_the_root_of_every_size(self, size):
        edge = Frontier()
        for one in _hashes()[:size]:
            edge.append(one)
        assert edge.root() == merkle_root(_hashes()[:size])
        assert Frontier.from_bytes(size, edge.to_bytes()).root() == edge.root()

    @pytest.mark.parametrize(("size", "data"), [(0, bytes(32)), (1, b""), (3, bytes(32)), (1, bytes(31)), (-1, b"")])
    def test_an_edge_that_fits_no_size_is_refused(self, size, data):
        with pytest.raises(Malformed):
            Frontier.from_bytes(size, data)


class TestTiles:
    @pytest.mark.parametrize("size", [1, 255, 256, 257, 65_535, 65_536, 65_537, LARGEST])
    def test_the_root_from_tiles_is_the_root_from_leaves(self, size):
        assert _tree(size).root() == merkle_root(_hashes()[:size])

    def test_the_empty_tree_needs_no_tile(self):
        assert TiledTree(0, _no_tile).root() == EMPTY_ROOT

    @settings(deadline=None, max_examples=300)
    @given(st.data())
    def test_every_proof_from_tiles_verifies_and_no_other_place_does(self, data):
        size = data.draw(st.integers(1, LARGEST))
        index = data.draw(st.integers(0, size - 1))
        tree, hashes = _tree(LARGEST), _hashes()
        proof, root = tree.inclusion_proof(index, size), tree.root(size)
        assert verify_inclusion(hashes[index], index, size, proof, root)
        other = data.draw(st.integers(0, size - 1))
        assert verify_inclusion(hashes[index], other, size, proof, root) is (other == index)
        old = data.draw(st.integers(1, size))
        longer = tree.consistency_proof(old, size)
        assert verify_consistency(old, size, longer, tree.root(old), root)
        if old != size:
            assert not verify_consistency(old, size, longer, sha256(root).digest(), root)
            assert not verify_consistency(old, size, longer, tree.root(old), sha256(root).digest())
            assert not verify_consistency(old, size, [*longer, bytes(32)], tree.root(old), root)
            assert not verify_consistency(old, size, longer[:-1], tree.root(old), root)

    @given(st.integers(1, 600), st.data())
    def test_proofs_from_leaves_and_from_tiles_are_equal(self, size, data):
        old, index = data.draw(st.integers(1, size)), data.draw(st.integers(0, size - 1))
        hashes, tree = _hashes()[:size], _tree(LARGEST)
        assert consistency_proof(hashes, old) == tree.consistency_proof(old, size)
        assert inclusion_proof(hashes, index) == tree.inclusion_proof(index, size)

    def test_a_short_tile_is_said_to_be_missing(self):
        tiles = _tiles(300)
        with pytest.raises(TileMissing):
            TiledTree(300, lambda tile: tiles[(tile.level, tile.index)][:-32]).root()

    def test_growing_in_steps_writes_what_growing_at_once_writes(self):
        steps = {}
        for old, new in [(0, 3), (3, 256), (256, 300), (300, 66_000)]:
            steps |= {(one.level, one.index): one.width for one in tiles_between(old, new)}
        assert steps == {(one.level, one.index): one.width for one in tiles_between(0, 66_000)}

    @pytest.mark.parametrize(
        ("tile", "path"),
        [
            (Tile(0, 0), "tile/0/000"), (Tile(3, 1_234_067), "tile/3/x001/x234/067"), (Tile(1, 67, 112), "tile/1/067.p/112"),
            (Tile(-1, 1000), "tile/entries/x001/000"),
        ],
    )  # fmt: skip
    def test_paths(self, tile, path):
        assert tile.path() == path
        assert parse_path(path) == tile

    @pytest.mark.parametrize(
        "path",
        ["", "tile", "tile/0", "tile/0/0", "tile/0/1000", "tile/0/x000/001", "tile/9/000", "tile/0/000.p/0", "tile/0/000.p/256",
         "tile/0/-01",
         "tile/00/000", "tile/0/000.p/07", "tile/-1/000", "tile/0/000/", "/tile/0/000", "tile/0/٠٠٠"],
    )  # fmt: skip
    def test_other_spellings_are_refused(self, path):
        with pytest.raises(Malformed):
            parse_path(path)


def _no_tile(tile):
    raise TileMissing(tile.path())


@settings(deadline=None)
@given(st.integers(1, 70_000), st.data())
def test_a_proof_needs_the_tiles_that_are_named_for_it_and_no_other(size, data):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    for ranges, make in (
        (inclusion_ranges(index, size), lambda tree: tree.inclusion_proof(index)),
        (consistency_ranges(old, size), lambda tree: tree.consistency_proof(old)),
    ):
        read = []

        def stored(tile, read=read):
            read.append(tile)
            return bytes(32 * tile.width)

        make(TiledTree(size, stored))
        assert sorted(read, key=lambda one: (one.level, one.index)) == tiles_for(size, ranges)
