"""What a tenant adds by policy: names by the ten thousand, patterns that cannot take long; what is invalid is refused, never ignored."""

import itertools
import random
import re
import time

import pytest
from chancery_contracts.bodies import BODIES, PolicyPattern, RedactionPolicyBody
from chancery_contracts.patterns import compiled
from chancery_redaction.domain import tenant
from chancery_redaction.domain.literals import Literals
from chancery_redaction.domain.tenant import LONGEST, find_names, find_patterns
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError


def _pattern(regex, **more):
    return PolicyPattern(name="p", regex=regex, entity_type="DESK_CODE", **more)


def _names(text, *names):
    return [text[one.start : one.end] for one in find_names(text, names)]


def test_names_are_found_by_whole_words_in_either_case():
    text = "PROJECT  falcon, Project\nFalcon's; not Falconry nor Project: a long way to Falcon"
    assert _names(text, "Project Falcon") == ["PROJECT  falcon", "Project\nFalcon"]


def test_names_with_letters_that_fold_to_two_are_found_in_place():
    assert _names("İİ Straße, O'Neil & Müller-Lüdenscheidt", "STRASSE", "o'neil", "Müller Lüdenscheidt") == [
        "Straße", "O'Neil", "Müller-Lüdenscheidt",
    ]  # fmt: skip


@given(st.lists(st.text(alphabet="ab ß.", min_size=1, max_size=6), max_size=5), st.text(alphabet="abß .-\n", max_size=60))
def test_literals_are_found_where_a_search_by_words_finds_them(names, text):
    def folded(value):
        return [word.casefold() for word in re.findall(r"[^\W_]+", value)]

    words = list(re.finditer(r"[^\W_]+", text))
    expected = set()
    for name in names:
        wanted = folded(name)
        for at in range(len(words) - len(wanted) + 1 if wanted else 0):
            there = words[at : at + len(wanted)]
            near = all(right.start() - left.end() <= 3 for left, right in itertools.pairwise(there))
            if near and [one[0].casefold() for one in there] == wanted:
                expected.add((there[0].start(), there[-1].end()))
    assert {(start, end) for start, end, _ in Literals(dict.fromkeys(names)).find(text)} == expected


def test_ten_thousand_names_are_as_fast_as_a_few():
    draw = random.Random(1)
    names = tuple(f"{draw.randbytes(4).hex()} {draw.randbytes(4).hex()}" for _ in range(10_000))
    text = " ".join(draw.sample(names, 1_000)) + " and others, " * 6_000
    find_names("", names)
    started = time.process_time()
    found = find_names(text, names)
    assert time.process_time() - started < 0.5
    assert len(found) >= 1_000


def test_lists_of_names_are_kept_for_a_bounded_number_of_characters(monkeypatch):
    monkeypatch.setattr(tenant, "MOST_CHARACTERS", 100)
    lists = tenant.Lists()
    first = lists.of(("a" * 40,))
    assert lists.of(("a" * 40,)) is first
    lists.of(("b" * 40,))
    lists.of(("a" * 40,))
    lists.of(("c" * 40,))
    assert lists.characters == 80
    assert lists.of(("a" * 40,)) is first
    long = lists.of(("d" * 400,))
    assert (lists.characters, lists.of(("d" * 400,))) == (400, long)


def test_few_lists_of_names_are_kept():
    lists = tenant.Lists()
    for number in range(100):
        lists.of((f"name {number:02d}",))
    assert lists.characters == tenant.MOST_LISTS * 7


def test_patterns_are_found_where_they_stand_whatever_the_letters_take():
    text = "é ACC-1234 ünd 😀 ACC-9999."
    found = find_patterns(text, [_pattern(r"\bACC-\d{4}\b", score=0.7)])
    assert [(text[one.start : one.end], one.entity_type, one.score) for one in found] == [
        ("ACC-1234", "DESK_CODE", 0.7),
        ("ACC-9999", "DESK_CODE", 0.7),
    ]


@given(st.integers(0, 6_000), st.integers(1, LONGEST - 1))
def test_a_match_is_found_wherever_the_windows_lie(before, length):
    text = "." * before + "x" * length + "." * 2_000
    found = find_patterns(text, [_pattern("x+")])
    assert {place for one in found for place in range(one.start, one.end)} == set(range(before, before + length))


@pytest.mark.parametrize("regex", [r"\d{8}", r"\d{7}", r"\b\d", r"\d\b", r"^\d{9}", r"\d{3}[5-9]", "1|[0-9]{150}"])
@pytest.mark.parametrize("text", ["0123456789" * 2_000, "x" + "31926819" * 3_000, "12345 " * 3_000])
def test_matches_are_those_of_the_whole_text_whatever_the_windows(regex, text):
    whole = [match.span() for match in compiled(regex).finditer(text.encode())]
    assert [(one.start, one.end) for one in find_patterns(text, [_pattern(regex)])] == whole


@pytest.mark.parametrize("regex", ["(a", "(?=x)a", r"(a)\1", "a*", "(x{1000}){1000}", "((a?){30}){20}b"])
def test_a_pattern_that_re2_cannot_run_or_that_matches_nothing_is_refused_with_its_reason(regex):
    with pytest.raises(ValidationError, match=r"RE2 does not take|matches the empty text"):
        _pattern(regex)


@pytest.mark.parametrize("regex", ["(a+)+$", "a[^b]*b|a", "(a|aa)+b", ".*.*.*x", "((a?){10}){10}b"])
def test_no_pattern_takes_long(regex):
    text = "a" * 100_000
    started = time.process_time()
    find_patterns(text, [_pattern(regex)])
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "wrong",
    [{"patterns": [{"name": "p", "regex": "(", "entity_type": "X_Y"}]}, {"patterns": [{"name": "p", "regex": "x", "entity_type": "no"}]},
     {"names": ["--"]}, {"thresholds": {"PERSON": 2}}, {"profile": "other"}, {"languages": []}],
)  # fmt: skip
def test_a_policy_that_cannot_be_applied_is_no_policy(wrong):
    with pytest.raises(ValidationError):
        BODIES["redaction_policy"].model_validate({"entity_types": ["PERSON"], **wrong})


def test_a_policy_of_before_masks_as_before():
    policy = RedactionPolicyBody.model_validate({"entity_types": ["PERSON"]})
    assert (policy.names, policy.patterns, policy.thresholds, policy.languages, policy.profile) == ((), (), {}, ("en",), "default")
