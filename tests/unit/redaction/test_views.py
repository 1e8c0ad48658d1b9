"""Detectors read decoded values behind the names of their fields; what they find is masked where it stands."""

import json
import time

import pytest
from chancery_redaction.domain.headers import named_in_headers
from chancery_redaction.domain.json_text import json_regions
from chancery_redaction.domain.masking import Draft, mask
from chancery_redaction.domain.recognizers import recognize
from chancery_redaction.domain.restoring import restore
from chancery_redaction.domain.spans import settle
from chancery_redaction.domain.views import SPARE, view, views
from unit.redaction.vaults import MemoryVault, found, masked


def done(text, *values, kind="PERSON"):
    seen = view(text).text
    [there], known = masked([text], [found(seen, *values, kind=kind)], MemoryVault())
    assert restore(there.text, known)[0] == text
    return there


def by_patterns(text):
    """What our own patterns find in a text's view, masked."""
    [there], known = masked(
        [text], [settle(recognize(view(text).text, frozenset({"UK_ACCOUNT", "EMAIL_ADDRESS"}), frozenset({"en"})))], MemoryVault()
    )
    assert restore(there.text, known)[0] == text
    return there


class TestJson:
    def test_values_are_read_decoded_behind_their_keys(self):
        text = '{"clientName": "Ren\\u00e9e \\"R\\" Roy", "bank_account": 31926819, "nested": [{"sortCode": "20-45-67"}]}'
        assert view(text).text.split("\n") == ["", 'client Name: Renée "R" Roy', "bank account: 31926819", "sort Code: 20-45-67", "", ""]

    def test_a_number_that_a_key_explains_is_masked_as_a_string_and_comes_back_a_number(self):
        there = by_patterns('{"account": 31926819, "amount": 31926820}')
        document = json.loads(there.text)
        assert document["account"].startswith("<UK_ACCOUNT_")
        assert document["amount"] == 31926820

    def test_a_key_that_is_a_number_is_masked_and_one_that_names_a_field_is_not(self):
        text = '{"GB29NWBK60161331926819": 1200.5, "address_line_1": "x", "iban2": "y"}'
        seen = view(text).text
        [there], known = masked([text], [settle(recognize(seen, frozenset({"IBAN_CODE"}), frozenset({"en"})))], MemoryVault())
        assert next(iter(json.loads(there.text))).startswith("<IBAN_CODE_")
        assert restore(there.text, known)[0] == text
        assert list(json.loads(there.text))[1:] == ["address_line_1", "iban2"]
        assert "\naddress line 1: x\n" in seen

    def test_escapes_come_back_as_they_were(self):
        there = done('{"a": "Ren\\u00e9e", "b": "Renée", "c": "Ren\\u00E9e"}', "Renée")
        assert len({one.token for one in there.findings}) == 3
        assert len({one.of for one in there.findings}) == 2  # the plain one, and those that name it

    @pytest.mark.parametrize("ascii_only", [True, False])
    def test_arguments_of_tool_calls_are_masked_and_restored(self, ascii_only):
        arguments = json.dumps({"to": 'Zoë "Z" Lee', "account": 31926819}, ensure_ascii=ascii_only)
        text = json.dumps({"tool_calls": [{"function": {"name": "pay", "arguments": arguments}}]}, ensure_ascii=ascii_only)
        seen = view(text).text
        spans = [*found(seen, 'Zoë "Z" Lee'), *found(seen, "31926819", kind="UK_ACCOUNT")]
        [there], known = masked([text], [spans], MemoryVault())
        inner = json.loads(json.loads(there.text)["tool_calls"][0]["function"]["arguments"])
        assert [value[0] for value in inner.values()] == ["<", "<"]
        assert restore(there.text, known)[0] == text

    def test_an_answer_that_calls_a_tool_carries_values_that_parse(self):
        values = {"<PERSON_7K2M>": 'Zoë "Z"\nLee'}
        answer = json.dumps({"arguments": json.dumps({"to": "<PERSON_7K2M>"})})
        assert json.loads(json.loads(restore(answer, values)[0])["arguments"]) == {"to": 'Zoë "Z"\nLee'}

    def test_keys_are_kept_but_for_those_that_are_no_names(self):
        there = by_patterns('{"email": 1, "ann@mail.example": {"a": "x"}}')
        assert next(iter(json.loads(there.text))) == "email"
        assert "ann@mail.example" not in there.text

    def test_json_within_prose_and_in_a_fence(self):
        there = done('Ann sent {"to": "Ann"}:\n```json\n["Ann \\"A\\""]\n```\n{"not json}', "Ann")
        assert len(there.findings) == 3

    @pytest.mark.parametrize("text", [json.dumps({"k" * 80: ["a"] * 20_000}), "Heading of a column\tOther\n" + "1\t2\n" * 20_000])
    def test_names_of_fields_that_would_make_a_view_much_longer_than_its_text_make_none(self, text):
        assert len(view(text).text) <= 3 * len(text) + SPARE
        assert views([text]) is None

    def test_all_messages_of_a_request_share_what_is_spare(self):
        text = json.dumps({"k" * 80: [1] * 300})
        assert views([text] * 2) is not None
        assert views([text] * 100) is None

    @pytest.mark.parametrize("text", ["see [1] and [2]", "{x}", "[a](b)", '{"a" "b"}', '"quoted"', '{"a": 1', "{{{{"])
    def test_what_is_no_json_is_prose(self, text):
        assert json_regions(text) == []


class TestTables:
    @pytest.mark.parametrize("heading", ["account_number,sort_code", "accountNumber,sortCode"])
    def test_headings_in_one_word_tell_what_stands_below_them_too(self, heading):
        there = by_patterns(f"{heading}\n31926819,204567\n31926820,204567\n")
        assert "31926819" not in there.text
        assert "31926820" not in there.text

    def test_cells_are_read_behind_their_headings(self):
        text = 'Name,Account,Note\nAnn Lee,31926819,x\nBob Roy,31926820,"a, b"\n'
        assert view(text).text.split("\n")[:4] == ["Name,Account,Note", "Name: Ann Lee", "Account: 31926819", "Note: x"]
        assert [one.entity_type for one in by_patterns(text).findings] == ["UK_ACCOUNT", "UK_ACCOUNT"]

    @pytest.mark.parametrize("text", ["| Who | Account |\n|---|:-:|\n| Ann | 31926819 |\n", "Who\tAccount\nAnn\t31926819\n"])
    def test_markdown_and_tabs(self, text):
        there = by_patterns(f"Before.\n{text}After.\n")
        assert [one.entity_type for one in there.findings] == ["UK_ACCOUNT"]
        assert there.text.count("|") == text.count("|")

    def test_a_letter_with_commas_is_none(self):
        assert view("Dear Ann,\nThank you,\nBob").text == "Dear Ann,\nThank you,\nBob"


class TestMarkdownAndMail:
    def test_emphasis_does_not_split_a_name(self):
        there = done("I met **Ann** Smith.", "Ann Smith")
        assert [there.text[one.start - 2 : one.start] for one in there.findings] == ["**", "* "]

    def test_a_quoted_line_break_does_not_either(self):
        there = done("> > I met Ann\n> > Smith today.\n", "Ann\nSmith")
        assert there.text.startswith("> > I met <PERSON_")
        assert "\n> > <PERSON_" in there.text

    def test_links_and_addresses(self):
        there = by_patterns("[write](mailto:ann@mail.example) or ann\\_lee@mail.example")
        assert "mail.example" not in there.text.replace("\\_", "_")

    def test_pieces_belong_to_the_whole(self):
        vault, text = MemoryVault(), "Ann Smith, then **Ann** Smith"
        seen = view(text)
        drafts = [Draft(text, tuple(part for span in found(seen.text, "Ann Smith") for part in seen.parts(span)))]
        there = mask(drafts[0], 0, vault.tokens(drafts))
        whole = there.findings[0].token
        assert [one.of for one in there.findings] == [None, whole, whole]


MAIL = """From: "Smith, Ann" <ann@mail.example>
To: Bob Lee <bob@mail.example>, carol@mail.example, Dora de la Cruz <d@mail.example>
Cc: Émile Roy; O'Brien, Finn
Subject: From: Here, To There

On Mon, 3 March 2024 at 10:12 AM, Gail Hu <gail@mail.example> wrote:
> From: Ivo Jones
> Please come.
"""


class TestHeaders:
    def test_persons_of_a_thread_are_found_with_their_names_in_order(self):
        seen = view(MAIL).text
        spans = {seen[one.start : one.end]: one.of for one in named_in_headers(seen)}
        assert spans == {
            "Smith, Ann": "Ann Smith", "Bob Lee": None, "Dora de la Cruz": None, "Émile Roy": None, "O'Brien, Finn": "Finn O'Brien",
            "Gail Hu": None, "Ivo Jones": None,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "text", ["To: whom it may concern", "To: the board, 12 March", "from: 12.03.2024", "Reply to Ann <a@b.example>"]
    )
    def test_what_names_nobody_is_left(self, text):
        assert named_in_headers(text) == []

    def test_a_thread_comes_back_to_the_letter(self):
        [there], known = masked([MAIL], [named_in_headers(view(MAIL).text)], MemoryVault())
        assert restore(there.text, known)[0] == MAIL
        assert there.text.startswith('From: "<PERSON_')

    @pytest.mark.parametrize("piece", ["From: ", "A ", "To: a@b.example, ", "On A <", "From: A;", "\nTo: A, ", "1 ", "From: A\n"])
    def test_worst_texts_are_read_in_time(self, piece):
        text = (piece * 100_000)[:100_000]
        started = time.process_time()
        named_in_headers(text)
        assert time.process_time() - started < 1
