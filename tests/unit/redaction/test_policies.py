"""Dates and amounts by policy: moved and back to the letter, or generalised for good."""

import json
import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from chancery_contracts.bodies import RedactionPolicyBody
from chancery_redaction.adapters.shifting import KeyedShifts
from chancery_redaction.domain.amounts import amounts, rounded
from chancery_redaction.domain.dates import dates
from chancery_redaction.domain.masking import Draft, mask, reverted
from chancery_redaction.domain.parts import settled
from chancery_redaction.domain.policies import Changes, unshifted
from chancery_redaction.domain.restoring import restore
from chancery_redaction.domain.views import view
from chancery_redaction.ports import Scope
from chancery_runtime.keys import LocalKeyring
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.redaction.vaults import MemoryVault

days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
FORMATS = (
    "%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d %Y", "%d/%m/%Y", "%d.%m.%Y", "%d of %B %Y",
)  # fmt: skip
weeks = st.integers(8, 160).flatmap(lambda one: st.sampled_from([7 * one, -7 * one]))


def changed(text, move=70, **policy):
    seen = view(text)
    draft = Draft(text, tuple(settled(Changes(RedactionPolicyBody(entity_types=(), **policy), move).parts(seen))))
    vault = MemoryVault()
    there = mask(draft, 0, vault.tokens([draft]))
    return there, vault, draft


class TestShift:
    @given(days, st.sampled_from(FORMATS), weeks, st.sampled_from(["{0}", "due {0}, then", '{{"due": "{0}"}}', "> on {0}.\n"]))
    @settings(max_examples=400)
    def test_a_date_moves_and_comes_back_to_the_letter(self, day, form, move, around):
        text = around.format(day.strftime(form))
        there, vault, draft = changed(text, move, dates="shift")
        assert there.text != text
        (finding,) = there.findings
        if finding.method == "shifted":
            (moved,) = [one.value for one in dates(finding.token)]
            assert (moved - day, moved.weekday()) == (timedelta(move), day.weekday())
        more = unshifted(there.text, there.findings, [], move)
        assert restore(there.text, vault.values, more=more)[0] == text
        assert reverted(draft) == (there.text if finding.method == "shifted" else text)

    def test_days_between_dates_stay_as_many(self):
        there, *_ = changed("from 3 March 2024 to 18 March 2024", dates="shift")
        first, second = (one.value for one in dates(there.text))
        assert (second - first).days == 15

    def test_an_answer_may_write_it_in_another_way(self):
        there, *_ = changed("It is due on 14 March 2024.", 70, dates="shift")
        answer = "Due: 2024-05-23, i.e. May 23, 2024; not 2024-05-24."
        assert (
            restore(answer, {}, more=unshifted(answer, there.findings, [], 70))[0]
            == "Due: 2024-03-14, i.e. March 14, 2024; not 2024-05-24."
        )

    def test_a_day_that_the_documents_name_too_is_left(self):
        there, *_ = changed("It is due on 14 March 2024.", 70, dates="shift")
        assert unshifted("2024-05-23", there.findings, ["in force since 23 May 2024"], 70) == []

    def test_a_value_that_is_a_date_is_not_moved_back(self):
        there, *_ = changed("It is due on 14 March 2024.", 70, dates="shift")
        answer = "<DATE_OF_BIRTH_2222> and 23 May 2024"
        restored = restore(answer, {"<DATE_OF_BIRTH_2222>": "23 May 2024"}, more=unshifted(answer, there.findings, [], 70))[0]
        assert restored == "23 May 2024 and 14 March 2024"

    def test_one_that_would_not_come_back_gets_a_pseudonym(self):
        there, vault, _ = changed("on 09 March 2024", 70, dates="shift")
        assert [one.method for one in there.findings] == ["pseudonym"]
        assert restore(there.text, vault.values)[0] == "on 09 March 2024"

    async def test_the_days_are_the_matters_own(self):
        shifts = KeyedShifts(LocalKeyring(b"k" * 32))
        found = {name: await shifts.days(Scope("t", f"matter:{name}")) for name in range(200)}
        assert found == {name: await KeyedShifts(LocalKeyring(b"k" * 32)).days(Scope("t", f"matter:{name}")) for name in range(200)}
        assert all(one % 7 == 0 and 56 <= abs(one) <= 1120 for one in found.values())
        assert len(set(found.values())) > 80


class TestGeneralise:
    @pytest.mark.parametrize(
        ("written", "sent"),
        [("14 March 2024", "March 2024"), ("2024-03-14", "2024-03"), ("14/03/2024", "03/2024"), ("March 14th, 2024", "March 2024"),
         ("31 February 2024", "31 February 2024"), ("Clause 14.2.2024", "Clause 02.2024"), ("v1.2.2024.1", "v1.2.2024.1")],
    )  # fmt: skip
    def test_a_date_is_a_month(self, written, sent):
        assert changed(written, dates="generalise")[0].text == sent

    @pytest.mark.parametrize(
        ("written", "sent"),
        [("£12,345.67", "£10,000"), ("$4.6 million", "$5 million"), ("EUR 250", "EUR 300"), ("95,500 GBP", "100,000 GBP"),
         ("€0.047", "€0.05"),
         ("£0", "£0"), ("12,345 shares", "12,345 shares"), ("30 dollars", "30 dollars"), ("£5", "£5")],
    )  # fmt: skip
    def test_an_amount_has_one_digit(self, written, sent):
        assert changed(written, amounts="generalise")[0].text == sent

    @given(st.decimals(0, 10**12, places=2))
    def test_it_is_within_half_of_its_first_digit(self, value):
        near = Decimal(rounded(f"{value:f}"))
        assert len(near.normalize().as_tuple().digits) == 1
        assert abs(near - value) * 2 <= (Decimal(1).scaleb(value.adjusted()) if value else 0)

    def test_json_stays_json_and_says_what_was_done(self):
        there, *_ = changed('{"paid": "£1,234", "on": "2024-03-14"}', amounts="generalise", dates="generalise")
        assert json.loads(there.text) == {"paid": "£1,000", "on": "2024-03"}
        assert [(one.entity_type, one.method, one.token) for one in there.findings] == [
            ("AMOUNT", "generalised", "1,000"), ("DATE", "generalised", "2024-03"),
        ]  # fmt: skip

    def test_by_default_both_are_kept(self):
        text = "£1,234 on 2024-03-14"
        assert (changed(text)[0].text, changed(text)[0].findings) == (text, ())


@pytest.mark.parametrize("piece", ["1", "1,", "1,000", "14 March ", "£", "1/1/", "1.", "2024-03-"])
def test_worst_texts_are_read_in_time(piece):
    text = (piece * 100_000)[:100_000]
    started = time.process_time()
    list(dates(text))
    list(amounts(text))
    assert time.process_time() - started < 1
