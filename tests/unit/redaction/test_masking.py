"""Masking and restoring: exact, and each the reverse of the other."""

import itertools
import json
import re
import time

import pytest
from chancery_contracts.interactions import Citation
from chancery_redaction.domain.masking import IMITATION, masked_counts
from chancery_redaction.domain.pseudonyms import LONGEST, TOKEN, normalise, token, value_hash
from chancery_redaction.domain.restoring import restore, tokens_in
from chancery_redaction.domain.spans import Span, settle
from chancery_redaction.domain.views import view
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.redaction.vaults import KEY, MemoryVault, found, masked

ALPHABET = "ab \n\"\\<>{}[]:,|*_-#&;.é😀\t\r\x03PERSON7K2M/'"
pieces = st.one_of(
    st.text(alphabet=ALPHABET, max_size=12), st.text(max_size=8),
    st.sampled_from(["Ann Lee", "ANN LEE", "ann  lee", "<PERSON_2222>", "PERSON_2222", "> ", "**", "\\u00e9", "\\\"", "1, 2\n"]),
    st.just("| a |\n|---|\n"),
)  # fmt: skip
json_values = st.recursive(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=20) | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@st.composite
def texts_with_spans(draw, texts):
    text = draw(texts)
    seen = view(text).text
    cuts = sorted(draw(st.sets(st.integers(0, len(seen)), max_size=10)))
    kinds = draw(st.lists(st.sampled_from(["PERSON", "IBAN_CODE"]), min_size=5, max_size=5))
    return text, [Span(kind, start, end, 0.9) for kind, start, end in zip(kinds, cuts[0::2], cuts[1::2], strict=False)]


def exact(text, spans, vault=None):
    [there], values = masked([text], [spans], vault or MemoryVault())
    assert [there.text[one.start : one.end] for one in there.findings] == [one.token for one in there.findings]
    assert restore(there.text, values)[0] == text
    return there


class TestRoundTrip:
    @given(texts_with_spans(st.lists(pieces, max_size=8).map("".join)))
    @settings(max_examples=400, deadline=None)
    def test_what_is_masked_is_restored_to_the_letter(self, case):
        exact(*case)

    @given(texts_with_spans(st.tuples(json_values, st.booleans(), st.integers(0, 2)).map(lambda one: _dumped(*one))))
    @settings(max_examples=400, deadline=None)
    def test_json_stays_json_of_the_same_shape_and_comes_back_to_the_letter(self, case):
        text, spans = case
        there = exact(text, spans)
        if not any(one.entity_type == IMITATION for one in there.findings):
            assert _shape(json.loads(there.text)) == _shape(json.loads(text))

    @pytest.mark.parametrize("spelling", ["ANN LEE", "ann lee", "Ann  Lee", "Ann\u00a0Lee"])
    def test_another_spelling_of_a_value_comes_back_in_that_spelling_and_names_the_first(self, spelling):
        text = f"Ann Lee is {spelling}."
        there = exact(text, found(text, "Ann Lee", spelling))
        first, second = there.findings
        assert (first.token != second.token, second.of, first.of) == (True, first.token, None)

    @pytest.mark.parametrize("kind", ["AB", "A__B", "AB_", "A_B_C_D_E_F_G_H_J_K_L_M_N_P_Q_R_S_T_V_W", "A" * 41])
    def test_a_type_of_a_tenants_own_is_as_good(self, kind):
        there = exact("It is 4711.", [Span(kind, 6, 10, 1.0)])
        assert there.findings[0].entity_type == kind

    def test_tokens_do_not_change_between_turns(self):
        vault = MemoryVault()
        turns = [f"{word} Ann Lee and Bob Roy" for word in ("Hello", "Again", "Bye")]
        tokens = [[one.token for one in exact(text, found(text, "Ann Lee", "Bob Roy"), vault).findings] for text in turns]
        assert tokens[0] == tokens[1] == tokens[2]


def _dumped(value, ascii_only, nested):
    document = {"client_name": 'Ann "A." Lée', "items": value}
    for _ in range(nested):
        document = {"arguments": json.dumps(document, ensure_ascii=ascii_only), "n": 7}
    return json.dumps(document, ensure_ascii=ascii_only, indent=2 if nested else None)


def _shape(value):
    """Keys that are names stay; a key or scalar that was masked counts as one."""
    if isinstance(value, dict):
        return [(key if re.fullmatch(r"[A-Za-z_$][A-Za-z_$-]*[0-9]{0,4}", key) else "", _shape(one)) for key, one in value.items()]
    if isinstance(value, list):
        return [_shape(one) for one in value]
    return "scalar" if isinstance(value, str | int | float) and not isinstance(value, bool) else value


class TestImitations:
    """What the publisher wrote and looks like a pseudonym of ours."""

    @pytest.mark.parametrize(
        "form", ["{0}", "<{1}>", "{1}", "&lt;{1}&gt;", "<{2}>", "\\<{1}\\>", "＜{1}＞", "%3C{1}%3E", "\\u003c{1}\\u003e", "x {2} y"]
    )
    def test_a_token_of_this_interaction_comes_back_as_it_was_written(self, form):
        name = token("PERSON", value_hash(KEY, "matter:m", "PERSON", "Ann Lee"))
        imitated = form.format(name, name[1:-1], name[1:-1].lower())
        text = f"Ann Lee wrote {imitated} here"
        there = exact(text, found(text, "Ann Lee"))
        assert {one.entity_type for one in there.findings} == {"PERSON", IMITATION}

    def test_an_imitation_is_found_in_another_message_too(self):
        name = token("PERSON", value_hash(KEY, "matter:m", "PERSON", "Ann Lee"))
        texts = ["Ann Lee", f"Who is {name}?"]
        there, values = masked(texts, [found(texts[0], "Ann Lee"), []], MemoryVault())
        assert [restore(one.text, values)[0] for one in there] == texts

    def test_a_token_of_nobody_here_is_text(self):
        text = "<PERSON_2345> met Ann"
        there = exact(text, found(text, "Ann"))
        assert there.text.startswith("<PERSON_2345> met <PERSON_")

    def test_a_word_that_only_masking_makes_a_whole_one_is_no_way_round(self):
        name = token("PERSON", value_hash(KEY, "matter:m", "PERSON", "Ann"))[1:-1]
        text = f"Ann {name}Ann"
        exact(text, [Span("PERSON", 0, 3, 1), Span("PERSON", len(text) - 3, len(text), 1)])


VALUES = {"<PERSON_7K2M>": 'Ann "A" O\'Lee & Co', "<PERSON_7K2MX>": "Bob"}


class TestRestore:
    @pytest.mark.parametrize(
        ("written", "restored"),
        [
            ("<PERSON_7K2M>", 'Ann "A" O\'Lee & Co'),
            ("<person_7k2m>'s", "Ann \"A\" O'Lee & Co's"),
            ("PERSON_7K2MX's", "Bob's"),
            ("**PERSON_7K2MX**, (PERSON_7K2MX).", "**Bob**, (Bob)."),
            ("<PERSON\\_7K2MX>", "Bob"),
            ("&lt;PERSON_7K2M&gt;", 'Ann "A" O\'Lee &amp; Co'),
            ("＜Person_7K2MX＞", "Bob"),
            ("\\u003cPERSON_7K2M\\u003e", 'Ann \\"A\\" O\'Lee & Co'),
            ("[x](mailto:%3CPERSON_7K2M%3E)", "[x](mailto:Ann%20%22A%22%20O%27Lee%20%26%20Co)"),
            ('{"name": "<PERSON_7K2M>"}', '{"name": "Ann \\"A\\" O\'Lee & Co"}'),
            ('Call: {"args": "{\\"n\\": \\"PERSON_7K2M\\"}"}', 'Call: {"args": "{\\"n\\": \\"Ann \\\\\\"A\\\\\\" O\'Lee & Co\\"}"}'),
            ('```json\n["<PERSON_7K2M>"]\n```', '```json\n["Ann \\"A\\" O\'Lee & Co"]\n```'),
        ],
    )
    def test_a_token_in_another_form_is_restored_as_its_place_demands(self, written, restored):
        assert restore(written, VALUES)[0] == restored

    @pytest.mark.parametrize(
        "written",
        ["<PERSON_7K2N>", "XPERSON_7K2MX", "PERSON_7K2MXY", "PERSON_7K2MX_2", "a@PERSON_7K2MX", "PERSON_7K2MX@a.example", "/PERSON_7K2MX",
         "<PERSON_7K2MX", "PERSON_7K2MX>", "&lt;PERSON_7K2MX>", "PERſON_7K2MX", "<ORG_7K2MX>", "</PERSON_7K2MX>", "PERSON_7K2MX.py"],
    )  # fmt: skip
    def test_what_is_in_doubt_stays(self, written):
        assert restore(written, VALUES)[0] == written

    def test_a_token_within_a_longer_one_is_not_touched(self):
        values = {"<PERSON_2222>": "Ann", "<PERSON_22223>": "Bob"}
        assert restore("<PERSON_22223> met <PERSON_2222>, PERSON_22223 PERSON_2222", values)[0] == "Bob met Ann, Bob Ann"

    def test_a_value_is_never_searched_for_tokens(self):
        assert restore("<PERSON_2222>", {"<PERSON_2222>": "<PERSON_3333>", "<PERSON_3333>": "x"})[0] == "<PERSON_3333>"

    def test_citations_move_with_the_text(self):
        text, [moved] = restore("<PERSON_2222> pays.", {"<PERSON_2222>": "Al"}, [Citation(passage_id="p", start=0, end=19)])
        assert text[moved.start : moved.end] == "Al pays."

    def test_only_known_tokens_count(self):
        assert tokens_in("<PERSON_2222> <PERSON_3333> person_2222", frozenset({"<PERSON_2222>"})) == {"<PERSON_2222>"}

    @pytest.mark.parametrize("piece", ['{"a":', "{", '\\"', '{"', "a,\n", "&lt;A_", "A_", "<A ", "> ", "|-", " ", "\\_", '["', "*a"])
    def test_a_hundred_kilobytes_of_the_worst_take_under_a_second(self, piece):
        text = (piece * 100_000)[:100_000]
        started = time.process_time()
        view(text)
        restore(text, {"<PERSON_2222>": "x"})
        assert time.process_time() - started < 2


class TestPseudonyms:
    def test_a_value_has_one_token_in_a_matter_and_another_elsewhere(self):
        spelled = {value_hash(KEY, "matter:m", "IBAN_CODE", text) for text in ("GB29 NWBK 6016", "gb29nwbk6016")}
        elsewhere = value_hash(KEY, "matter:n", "IBAN_CODE", "GB29NWBK6016")
        assert len(spelled) == 1
        assert elsewhere not in spelled
        assert normalise("PERSON", " Ann\u00a0 Lee ") == normalise("PERSON", "ANN LEE")

    @given(st.binary(min_size=32, max_size=32))
    def test_further_names_are_longer_and_tell_nothing_of_those_before(self, digest):
        names = [token("PERSON", digest, attempt) for attempt in range(12)]
        letters = [TOKEN.fullmatch(name)[2] for name in names]
        assert [len(one) for one in letters] == [min(4 + attempt, LONGEST) for attempt in range(12)]
        assert not any(longer.startswith(shorter) for shorter, longer in itertools.pairwise(letters) if len(shorter) > 4)

    def test_values_are_counted_once(self):
        text = "Ann Ann"
        assert masked_counts(exact(text, found(text, "Ann")).findings) == {"PERSON": 1}

    @given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.sampled_from([0.5, 0.9, 1.0])), max_size=12))
    def test_settled_spans_are_in_order_and_apart(self, raw):
        settled = settle(Span("PERSON", start, start + length, score) for start, length, score in raw)
        assert all(left.end <= right.start for left, right in itertools.pairwise(settled))
