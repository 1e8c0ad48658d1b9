"""An owner's answer is cut into parts that fit events, and put together to what it was."""

from chancery_audit.domain.subject_reports import merged
from chancery_contracts.base import MAX_DATA_BYTES
from chancery_contracts.subjects import Answer, Content, StoreResult, TokenAt
from chancery_runtime.subjects import split
from hypothesis import given, settings
from hypothesis import strategies as st

TEXTS = st.integers(0, 60).map(
    lambda n: tuple(Content(where=f"place {i}", member="text", text="\u6f22" * (i * 397 % 4_000)) for i in range(n))
)
RESULTS = st.lists(
    st.builds(
        StoreResult, store=st.sampled_from(["redaction.vault", "audit.payloads", "cost.journal"]), state=st.just("found"),
        found=st.integers(0, 9), left=st.just(0), unreadable=st.integers(0, 2), contents=TEXTS,
        places=st.integers(0, 20_000).map(lambda n: tuple(f"live/{i:036d}" for i in range(n))),
        tokens=st.integers(0, 300).map(lambda n: tuple(TokenAt(scope=f"matter:{i}", token=f"<PERSON_{i}>") for i in range(n))),
    ),
    max_size=3, unique_by=lambda one: one.store,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(results=RESULTS)
def test_parts_add_up_and_each_fits_an_event(results):
    parts = list(split(results))
    sizes = [len(Answer(results=tuple(part)).model_dump_json().encode()) * 4 // 3 + 2_000 for part in parts]
    assert parts and max(sizes) < MAX_DATA_BYTES
    together = {one.store: one for one in merged((("act", Answer(results=tuple(part))) for part in parts), erasing=False)}
    assert set(together) == {one.store for one in results}
    for one in results:
        found = together[one.store]
        assert (found.found, found.unreadable, found.contents, found.places) == (one.found, one.unreadable, one.contents, one.places)
    assert sum(len(piece.tokens) for part in parts for piece in part) == sum(len(one.tokens) for one in results)
