"""The chain names the first entry that does not hold."""

from chancery_ledger import GENESIS, leaf_hash, link, verify_chain
from hypothesis import given
from hypothesis import strategies as st


def chained(data: list[bytes]) -> list[tuple[bytes, bytes]]:
    previous, entries = GENESIS, []
    for one in data:
        previous = link(previous, leaf_hash(one))
        entries.append((leaf_hash(one), previous))
    return entries


@given(st.lists(st.binary(max_size=4), max_size=20), st.integers(0, 20))
def test_a_chain_holds_whole_and_in_stretches(data: list[bytes], cut: int) -> None:
    entries = chained(data)
    assert verify_chain(entries) is None
    cut = min(cut, len(entries))
    assert verify_chain(entries[cut:], entries[cut - 1][1] if cut else GENESIS) is None


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=20, unique=True), st.data())
def test_a_change_an_omission_and_a_swap_are_found_where_they_are(data: list[bytes], draw: st.DataObject) -> None:
    entries = chained(data)
    at = draw.draw(st.integers(0, len(entries) - 2))
    changed = [*entries[:at], (leaf_hash(b"other, of more than 4"), entries[at][1]), *entries[at + 1 :]]
    swapped = [*entries[:at], entries[at + 1], entries[at], *entries[at + 2 :]]
    for tampered in (changed, swapped, [*entries[:at], *entries[at + 1 :]]):
        found = verify_chain(tampered)
        assert found is not None and found.index == at
