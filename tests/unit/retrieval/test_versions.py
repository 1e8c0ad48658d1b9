"""Which version stands in the index."""

from datetime import UTC, datetime

import pytest
from chancery_contracts.failures import Poison
from chancery_retrieval.domain.passages import Indexed
from chancery_retrieval.domain.versions import KnownVersion, Standing, State, standing_of, version_of
from chancery_testing.builders import document

INDEXED = Indexed(3, 0, datetime(2026, 11, 2, tzinfo=UTC))
EVENT = document("Text.", version=2)
DOCUMENT = version_of(EVENT)


def known(version: int, state: State, *, fingerprint: str = DOCUMENT.fingerprint, event_id: str = "another") -> KnownVersion:
    return KnownVersion(version, fingerprint, event_id, state, INDEXED)


class TestStanding:
    def test_a_first_version_is_wanted(self) -> None:
        assert standing_of(DOCUMENT, []) == Standing(wanted=True)

    def test_a_newer_version_is_wanted(self) -> None:
        assert standing_of(DOCUMENT, [known(1, "indexed", fingerprint="old")]).wanted

    def test_an_older_version_stays_out(self) -> None:
        assert standing_of(DOCUMENT, [known(3, "indexed", fingerprint="new")]) == Standing()
        assert standing_of(DOCUMENT, [known(3, "withdrawn", fingerprint="new")]) == Standing()

    def test_the_same_again_is_answered_from_the_index(self) -> None:
        assert standing_of(DOCUMENT, [known(2, "indexed")]) == Standing(indexed=INDEXED)

    def test_a_late_redelivery_does_not_undo_a_withdrawal(self) -> None:
        assert standing_of(DOCUMENT, [known(2, "withdrawn", event_id=DOCUMENT.event_id)]) == Standing()

    def test_publishing_again_after_a_withdrawal_brings_it_back(self) -> None:
        assert standing_of(DOCUMENT, [known(2, "withdrawn")]).wanted

    def test_other_contents_under_the_same_version_are_poison(self) -> None:
        with pytest.raises(Poison):
            standing_of(DOCUMENT, [known(2, "indexed", fingerprint="other")])

    @pytest.mark.parametrize("change", [{"text": "Other."}, {"title": "Other"}, {"collection": "other"}, {"matter": "m-1"}])
    def test_whatever_decides_over_search_and_sight_is_in_the_fingerprint(self, change: dict[str, str]) -> None:
        assert version_of(document(**({"text": "Text.", "version": 2} | change))).fingerprint != DOCUMENT.fingerprint
