"""The detector: thresholds, allow lists, what a tenant adds, languages, profiles; over all texts of a request."""

import pytest
from chancery_contracts.bodies import RedactionPolicyBody
from chancery_redaction.adapters.entities import make_entities
from chancery_redaction.adapters.searching import SearchingDetector
from chancery_redaction.errors import UnknownLanguage


@pytest.fixture(scope="module", params=["model", "spacy"])
def detector(request):
    found = SearchingDetector(make_entities(request.param), threads=1)
    yield found
    found.close()


def _policy(*types, **more):
    return RedactionPolicyBody.model_validate({"entity_types": types, **more})


def _values(detector, policy, *texts):
    found = detector.detect_all(texts, policy)
    return [[(one.entity_type, text[one.start : one.end], one.of) for one in spans] for text, spans in zip(texts, found, strict=True)]


async def test_persons_are_found_and_their_mentions_in_every_message(detector):
    texts = ["My name is Harriet Longbourne, of Leeds.", "Longbourne called again about the fee."]
    spans = await detector.detect(texts, _policy("PERSON"))
    assert [[text[one.start : one.end] for one in found] for text, found in zip(texts, spans, strict=True)] == [
        ["Harriet Longbourne"],
        ["Longbourne"],
    ]
    assert spans[1][0].of == "Harriet Longbourne"


def test_firms_of_the_samples_are_no_persons(detector):
    text = "Meridian Bank plc and Halvard Foods Limited pay by BIC MRDNGB2L; SONIA applies. Halvard sells the Mark."
    assert _values(detector, _policy("PERSON"), text) == [[]]


def test_a_threshold_of_a_type_beats_the_common_one(detector):
    text = "Transfer 943 476 5919 by 12-34-56"
    assert _values(detector, _policy("UK_ACCOUNT", "UK_NHS"), text) == [[("UK_ACCOUNT", "12-34-56", None)]]
    lowered = _policy("UK_ACCOUNT", "UK_NHS", thresholds={"UK_ACCOUNT": 0.9, "UK_NHS": 0.2})
    assert _values(detector, lowered, text) == [[("UK_NHS", "943 476 5919", None)]]


def test_what_is_allowed_is_not_masked_and_makes_nobody_known(detector):
    text = "Harriet Longbourne wrote to ann@mail.example. Longbourne waits."
    policy = _policy("PERSON", "EMAIL_ADDRESS", allow_list=["harriet longbourne", "Longbourne"])
    assert _values(detector, policy, text) == [[("EMAIL_ADDRESS", "ann@mail.example", None)]]


def test_a_tenants_names_and_patterns_are_found_whatever_types_are_asked_for(detector):
    policy = _policy(
        "EMAIL_ADDRESS", names=["Project Falcon"], patterns=[{"name": "desk", "regex": r"DSK-\d+", "entity_type": "DESK_CODE"}]
    )
    assert _values(detector, policy, "PROJECT FALCON is at DSK-77.") == [
        [("PERSON", "PROJECT FALCON", None), ("DESK_CODE", "DSK-77", None)]
    ]


def test_a_second_language_adds_its_words(detector):
    text = "geboren am 3. Mai 1970"
    assert _values(detector, _policy("DATE_OF_BIRTH"), text) == [[]]
    assert _values(detector, _policy("DATE_OF_BIRTH", languages=["en", "de"]), text) == [[("DATE_OF_BIRTH", "3. Mai 1970", None)]]


async def test_a_language_that_nobody_knows_is_an_error_and_never_nothing_found(detector):
    with pytest.raises(UnknownLanguage, match="xx"):
        await detector.detect(["Ann Lee"], _policy("PERSON", languages=["en", "xx"]))


def test_a_judgments_case_is_found(detector):
    text = "The case originated in an application (no. 36244/06) against the Kingdom of Denmark."
    assert ("CASE_NUMBER", "36244/06", None) in _values(detector, _policy("CASE_NUMBER", "PERSON", profile="judgment"), text)[0]
