"""That a log continues an earlier checkpoint: the entries since are hashed again, on top of the earlier tree's edge."""

from collections.abc import Iterable

from chancery_ledger.checkpoints import Checkpoint
from chancery_ledger.frontier import Frontier
from chancery_ledger.hashing import leaf_hash
from chancery_ledger.pack_faults import PackFault, Reason
from chancery_ledger.tiles import TiledTree, perfect_subtrees


def follow(old: Checkpoint, new: Checkpoint, tree: TiledTree, leaves: Iterable[bytes]) -> int:
    """`tree` has the new checkpoint's tiles, `leaves` are the entries since `old`. How many; raises PackFault, TileMissing."""
    if old.size > new.size:
        raise PackFault(Reason.LOG_TRUNCATED, f"{new.size} entries, {old.size} before")
    edge = Frontier(old.size, [tree.subtree(level, index) for level, index in perfect_subtrees(0, old.size)])
    if edge.root() != old.root:
        raise PackFault(Reason.LOG_FORKED, f"another tree of {old.size} entries")
    for leaf in leaves:
        edge.append(leaf_hash(leaf))
    if (edge.size, edge.root()) != (new.size, new.root):
        raise PackFault(Reason.TREE_DIFFERS, f"{edge.size} entries read, {new.size} signed")
    return new.size - old.size
