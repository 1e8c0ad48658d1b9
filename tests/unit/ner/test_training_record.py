"""What the training leaves behind: no text of anybody, known texts by hash alone; and how annotations become what is trained on."""

import json
import re
import sys
from pathlib import Path

import pytest
from chancery_ner import TokenClassifier
from chancery_ner.labels import GENERAL, LEGAL

TRAINING = Path(__file__).resolve().parents[3] / "libs" / "ner" / "training"
HEX = re.compile(r"[0-9a-f]{64}")


def test_read_json_has_spans_and_scores_and_no_text() -> None:
    file = TRAINING / "read.json"
    assert file.stat().st_size < 2_000_000
    for texts in json.loads(file.read_text("utf-8")).values():
        for key, heads in texts.items():
            assert HEX.fullmatch(key)
            for label, start, end, score, identifies in (span for spans in heads.values() for span in spans):
                assert label in GENERAL + LEGAL
                assert 0 <= start < end
                assert 0 <= score <= 1 and 0 <= identifies <= 1


def test_results_name_the_shipped_profiles_and_texts_by_hash() -> None:
    results = json.loads((TRAINING / "results.json").read_text("utf-8"))
    assert set(results["profiles"]) == set(TokenClassifier.load().profiles)
    assert all(HEX.fullmatch(one) for one in results["trained_on"])
    assert results["folds"] >= 3


def test_every_text_of_the_folds_is_one_that_ships_trained_on() -> None:
    results = json.loads((TRAINING / "results.json").read_text("utf-8"))
    read = json.loads((TRAINING / "read.json").read_text("utf-8"))
    assert {key for texts in read.values() for key in texts} == set(results["trained_on"])


@pytest.fixture
def corpora(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.syspath_prepend(str(TRAINING))
    import corpora as module

    yield module
    for name in ("corpora", "examples"):
        sys.modules.pop(name, None)


def test_a_title_is_part_of_a_person_for_one_head_and_apart_for_the_other(corpora: object) -> None:
    row = {
        "doc_id": "x",
        "text": "Mr Jan Nowak came.",
        "entities": [{"start_offset": 0, "end_offset": 12, "entity_type": "PERSON", "identifier_type": "DIRECT"}],
    }
    one = corpora.judgment(row)  # type: ignore[attr-defined]
    assert [(mark.kind, mark.start, mark.end) for mark in one.legal] == [("PERSON", 0, 12)]
    assert [(mark.kind, mark.start, mark.end) for mark in one.general] == [("TITLE", 0, 2), ("PERSON", 3, 12)]


def test_an_annotation_inside_another_is_left_out(corpora: object) -> None:
    entity = {"entity_type": "ORG", "identifier_type": "QUASI"}
    entities = [{"start_offset": 0, "end_offset": 12} | entity, {"start_offset": 0, "end_offset": 6} | entity]
    one = corpora.judgment({"doc_id": "x", "text": "Ankara Court sat.", "entities": entities})  # type: ignore[attr-defined]
    assert [(mark.start, mark.end) for mark in one.legal] == [(0, 12)]
