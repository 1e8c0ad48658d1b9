"""From a request to its end: masked, answered by a model, restored; nothing of another matter comes in."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from chancery_bus import Received
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.failures import Poison
from chancery_contracts.interactions import (
    Citation,
    InteractionCompleted,
    InteractionRedacted,
    InteractionValidated,
    Message,
    Passage,
    ToolCall,
)  # fmt: skip
from chancery_redaction.adapters.language import LanguageCheck
from chancery_redaction.adapters.shifting import KeyedShifts
from chancery_redaction.consumers import redaction_stage
from chancery_redaction.domain.masking import Draft
from chancery_redaction.domain.parts import Part
from chancery_redaction.domain.recognizers import recognize
from chancery_redaction.domain.spellings import Spelling
from chancery_redaction.handlers import HEADINGS, UNRESTORED, complete_validated, masked_exactly, redact
from chancery_redaction.ports import Ports, Scope
from chancery_runtime.errors import CorruptSeal
from chancery_runtime.keys import LocalKeyring
from chancery_testing import builders
from chancery_testing.clock import START
from structlog.testing import capture_logs
from unit.redaction.vaults import MemoryVault, found

TYPES = ("PERSON", "EMAIL_ADDRESS", "UK_ACCOUNT")


class Vaults:
    """The port, over one memory vault a scope."""

    def __init__(self):
        self.scopes = {}

    def _of(self, scope):
        return self.scopes.setdefault(scope, MemoryVault(scope.name))

    async def tokens(self, scope, values):
        parts = tuple(Part(one.entity_type, 0, 0, _read(one.text), 1.0) for one in values)
        return self._of(scope).tokens([Draft("", parts)])

    async def values(self, scope, tokens):
        known = self._of(scope).values
        return {token: known[token] for token in tokens if token in known}


def _read(stored):
    return SimpleNamespace(stored=stored)


class Names:
    """A detector that knows some names, and our patterns."""

    async def detect(self, texts, *_):
        return [[*recognize(text, frozenset(TYPES), frozenset({"en"})), *found(text, "Ann Lee", "Bob Roy")] for text in texts]


class Book:
    async def begin(self, *_):
        return True

    async def complete(self, *_):
        return True


@pytest.fixture
def ports():
    catalogue = Catalogue()
    for dates in ("keep", "shift"):
        policy = {"entity_types": TYPES, "dates": dates, "amounts": "generalise" if dates == "shift" else "keep"}
        catalogue.apply(builders.registry_entry("redaction_policy", dates, policy))
        use_case = {
            "prompt": {"name": "p", "version": 1}, "model": {"name": "m", "version": 1}, "collections": ["c"], "budget": "b",
            "redaction_policy": {"name": dates, "version": 1},
        }  # fmt: skip
        catalogue.apply(builders.registry_entry("use_case", dates, use_case))
    return Ports(Names(), LanguageCheck(), Vaults(), KeyedShifts(LocalKeyring(b"k" * 32)), Book(), catalogue, START, 100_000)


async def sent(ports, *texts, use_case="keep", matter="a", roles=("user",)):
    messages = tuple(Message(role=roles[number % len(roles)], content=text) for number, text in enumerate(texts))
    event = builders.requested(messages=messages, use_case=use_case, matter=matter)
    (out,) = await redact(event, ports)
    assert isinstance(out.data, InteractionRedacted), out.data
    return out


async def answered(ports, redacted, answer, passages=(), citations=()):
    event = builders.validated(
        messages=redacted.data.messages, findings=redacted.data.findings, answer=answer, citations=citations, passages=passages,
        verdict="release", matter=redacted.matter, interaction=redacted.interaction,
    )  # fmt: skip
    assert isinstance(event.data, InteractionValidated)
    (out,) = await complete_validated(event, ports)
    assert isinstance(out.data, InteractionCompleted)
    return out.data


async def test_what_the_model_repeats_comes_back(ports):
    text = 'Ann Lee (ann@mail.example) pays {"to": "Bob Roy", "account": 31926819}.'
    out = await sent(ports, text)
    masked = out.data.messages[0].content
    assert not any(value in masked for value in ("Ann", "mail.example", "Bob", "31926819"))
    assert (await answered(ports, out, masked)).answer == text


async def test_tokens_are_the_same_in_the_next_turn_and_in_the_history(ports):
    first = await sent(ports, "I am Ann Lee.")
    reply = await answered(ports, first, f"Hello {first.data.findings[0].token}!")
    second = await sent(ports, "I am Ann Lee.", reply.answer, "What of ANN LEE and Bob Roy?", roles=("user", "assistant"))
    assert second.data.messages[1].content == f"Hello {first.data.findings[0].token}!"


async def test_a_forged_token_of_another_matter_is_never_restored(ports):
    there = (await sent(ports, "Ann Lee", matter="b")).data.findings[0].token
    here = await sent(ports, "Bob Roy", matter="a")
    answer = f"{there} {there.lower()} {here.data.findings[0].token}"
    assert (await answered(ports, here, answer)).answer == f"{there} {there.lower()} Bob Roy"


async def test_a_token_of_another_interaction_of_the_matter_is_not_restored_either(ports):
    before = (await sent(ports, "Ann Lee")).data.findings[0].token
    now = await sent(ports, "Bob Roy")
    assert (await answered(ports, now, f"{before}?")).answer == f"{before}?"


async def test_a_pseudonym_that_the_publisher_writes_is_text(ports):
    token = (await sent(ports, "Ann Lee")).data.findings[0].token
    text = f"Is Ann Lee the {token.lower()} of last time?"
    out = await sent(ports, text)
    assert (await answered(ports, out, out.data.messages[0].content)).answer == text


async def test_citations_move_with_what_was_restored(ports):
    out = await sent(ports, "Ann Lee")
    token = out.data.findings[0].token
    passage = Passage(passage_id="p", document_id="d", document_version=1, title="t", start=0, end=9, text="x", score=1.0)
    end = len(f"{token} pays.")
    done = await answered(ports, out, f"{token} pays. Rest.", (passage,), (Citation(passage_id="p", start=0, end=end),))
    assert done.answer[done.citations[0].start : done.citations[0].end] == "Ann Lee pays."


async def test_dates_move_and_amounts_do_not_come_back(ports):
    text = "Ann Lee owes £12,345 since 14 March 2024."
    out = await sent(ports, text, use_case="shift")
    masked = out.data.messages[0].content
    assert ("£10,000" in masked, "14 March 2024" in masked) == (True, False)
    assert {one.method for one in out.data.findings} == {"pseudonym", "shifted", "generalised"}
    assert (await answered(ports, out, masked)).answer == text.replace("12,345", "10,000")


async def test_dates_move_otherwise_in_another_matter(ports):
    moved = {(await sent(ports, "on 14 March 2024", use_case="shift", matter=f"m{number}")).data.messages[0].content for number in range(9)}
    assert len(moved) > 6


async def test_answers_that_call_tools_carry_values(ports):
    out = await sent(ports, 'Pay "Ann Lee".')
    answer = json.dumps({"tool_calls": [{"function": {"arguments": json.dumps({"to": out.data.findings[0].token})}}]})
    done = await answered(ports, out, answer)
    assert json.loads(json.loads(done.answer)["tool_calls"][0]["function"]["arguments"]) == {"to": "Ann Lee"}


class Corrupt(Vaults):
    """One value of it does not open."""

    async def values(self, scope, tokens):
        raise CorruptSeal("sealed bytes do not open")


async def test_a_value_that_does_not_open_refuses_its_request_and_raises_the_alarm(ports):
    stage = redaction_stage(lambda handle: lambda one: handle(one, None), lambda _: replace(ports, vault=Corrupt()), 8)
    with capture_logs() as logs, pytest.raises(Poison) as caught:
        await stage.handle(Received(builders.requested("I am Ann Lee.", use_case="keep"), "t", 0, 0, 0))
    assert caught.value.code == "redaction_unavailable"
    assert [(one["event"], one["log_level"]) for one in logs] == [("vault_corrupt", "error")]
    assert "Ann" not in str(logs)


async def test_an_answer_with_a_value_that_does_not_open_is_not_shown_and_ends(ports):
    out = await sent(ports, "I am Ann Lee.")
    with capture_logs() as logs:
        done = await answered(replace(ports, vault=Corrupt()), out, f"Hello {out.data.findings[0].token}!")
    assert (done.outcome, done.code, done.answer, done.message) == ("refused", "redaction_unavailable", None, UNRESTORED)
    assert [one["event"] for one in logs] == ["vault_corrupt"]


ACCOUNTS = [str(31_926_819 + 7 * number) for number in range(500)]
BALANCES = "| Account number | Balance |\n|---|---|\n" + "".join(f"| {one} | 12.50 |\n" for one in ACCOUNTS[:300])


@pytest.mark.parametrize(("text", "accounts"), [(json.dumps({"beneficiary_account_numbers": ACCOUNTS}), 500), (BALANCES, 300)])
async def test_every_value_of_a_long_array_or_table_is_read_behind_its_heading(ports, text, accounts):
    out = await sent(ports, text)
    assert len(out.data.findings) == accounts
    assert not any(one in out.data.messages[0].content for one in ACCOUNTS)


async def test_what_has_too_many_values_for_its_headings_is_refused(ports):
    event = builders.requested(messages=(Message(role="user", content=json.dumps({"k" * 80: [1] * 20_000})),), use_case="keep", matter="a")
    [out] = await redact(event, ports)
    assert (out.data.code, out.data.requester_message) == ("invalid_request", HEADINGS)


async def test_a_text_that_would_not_come_back_is_not_sent_on():
    class Forgetful(Vaults):
        async def values(self, scope, tokens):
            return dict.fromkeys(tokens, "somebody")

    draft = Draft("Ann Lee", (Part("PERSON", 0, 7, Spelling("plain", "Ann Lee"), 1.0),))
    with pytest.raises(Poison):
        await masked_exactly([draft], Scope("t", "matter:a"), Forgetful())


async def called(ports, redacted, arguments, answer=""):
    event = builders.validated(
        messages=redacted.data.messages, findings=redacted.data.findings, answer=answer, citations=(), verdict="release",
        matter=redacted.matter, interaction=redacted.interaction, stop_reason="tool_calls",
        tool_calls=tuple(ToolCall(call_id=f"c{n}", name="pay", arguments=one) for n, one in enumerate(arguments)),
    )  # fmt: skip
    (out,) = await complete_validated(event, ports)
    return out.data


@pytest.mark.parametrize("ascii_only", [True, False])
async def test_tools_are_called_with_values_as_json_demands(ports, ascii_only):
    out = await sent(ports, 'Pay "Ann Lee" and Bob Roy.')
    ann, bob = (found.token for found in out.data.findings)
    inner = json.dumps({"cc": bob, "é": f'"{ann}"'}, ensure_ascii=ascii_only)
    wanted = [json.dumps({"to": ann, "body": inner}, ensure_ascii=ascii_only), json.dumps({"to": bob})]
    done = await called(ports, out, wanted, answer=f"I shall pay {ann}.")
    first, second = (json.loads(call.arguments) for call in done.tool_calls)
    assert (first["to"], json.loads(first["body"]), second) == ("Ann Lee", {"cc": "Bob Roy", "é": '"Ann Lee"'}, {"to": "Bob Roy"})
    assert [call.call_id for call in done.tool_calls] == ["c0", "c1"] and done.stop_reason == "tool_calls"
    assert done.answer == ""  # what stands beside calls was not checked as an answer


async def test_dates_that_were_moved_come_back_in_calls(ports):
    out = await sent(ports, "Ann Lee pays on 14 March 2024.", use_case="shift")
    moved = out.data.messages[0].content.partition(" on ")[2].rstrip(".")
    done = await called(ports, out, [json.dumps({"on": moved})])
    assert json.loads(done.tool_calls[0].arguments) == {"on": "14 March 2024"}


async def test_arguments_that_are_no_json_are_not_let_out(ports):
    out = await sent(ports, "Pay Ann Lee.")
    with capture_logs() as logs:
        done = await called(ports, out, ['{"to": ' + out.data.findings[0].token])
    assert (done.outcome, done.tool_calls, [one["event"] for one in logs]) == ("refused", (), ["tool_call_unrestored"])
