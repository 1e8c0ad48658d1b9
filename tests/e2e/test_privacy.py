"""The rights of a data subject by the commands, over the whole stack: found, exported, erased although services die, and proved."""

import asyncio
import json
import os
import signal
import sys

import chancery_local
import pytest
from chancery_cli.app import app
from chancery_cli.documents import index_documents, read_document
from chancery_client import ChanceryClient, Request, question
from chancery_testing.waiting import eventually
from e2e.sinks import sinks
from typer.testing import CliRunner

pytestmark = pytest.mark.timeout(300)
TENANT, NAME, IBAN = "meridian-bank", "Margaret Fairweather", "GB82 WEST 1234 5698 7654 32"
DOCUMENT = f"""---
document_id: complaint-ledger
version: 1
collection: bank-faq
title: Complaint of {NAME}
---
# Complaints

The complaint of Margaret
Fairweather about the ledger surcharge was settled in March.
"""

HELD = """---
document_id: held-file
version: 1
collection: bank-faq
matter: m-e2e
title: A file
---
# Held

The claim of {name} is before the court.
"""


def command(*words, given=f"{NAME}\n{IBAN}\n"):
    return CliRunner().invoke(app, ["privacy", *words, "--tenant", TENANT, "--values-file", "-"], input=given)


def found(given=f"{NAME}\n{IBAN}\n"):
    result = command("find", "--json", given=given)
    assert result.exit_code == 0, result.output
    return {one["store"]: one["found"] for one in json.loads(result.output)["stores"] if one["found"]}


async def _started(*words):
    """In a process of its own: the runner of commands swaps this one's output, and cannot do so for two at once."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chancery_cli", "privacy", *words, "--tenant", TENANT, "--values-file", "-",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert started.stdin is not None
    started.stdin.write(f"{NAME}\n{IBAN}\n".encode())
    started.stdin.close()
    return started


async def test_a_person_is_found_exported_and_erased_although_services_die(stack, home, tmp_path):
    (tmp_path / "d.md").write_text(DOCUMENT)
    assert await index_documents(stack.kafka, [read_document(tmp_path / "d.md", TENANT)], lambda _: None) == 1
    asked = Request("bank-faq", question(f"My name is {NAME}, IBAN {IBAN}. What was the complaint about the ledger surcharge?"))
    async with ChanceryClient.connect(stack.kafka_bootstrap, TENANT) as client:
        assert NAME in (await client.ask(asked, timeout_s=30)).data.answer
    await eventually(lambda: found().get("audit.payloads", 0) >= 7, within_s=30)
    assert {"redaction.vault", "retrieval.passages", "audit.attributes", "redaction.journal"} <= set(found())

    told = command("find").output
    assert "redaction.vault" in told and "lapse by themselves" in told and NAME not in told
    exported = command("export", "--out", str(tmp_path / "export"))
    assert exported.exit_code == 0, exported.output
    stores = {one["store"]: one["contents"] for one in json.loads((tmp_path / "export/export.json").read_text())["stores"]}
    assert {one["text"] for one in stores["redaction.vault"]} == {NAME, IBAN}

    report = tmp_path / "erased.json"
    words = ("erase", "--reason", "asked for", "--legal-ground", "GDPR 17(1)(b)", "--out", str(report))
    erasing = await _started(*words)
    await eventually(lambda: _orders(tenant=TENANT)[0]["purpose"] == "erase", within_s=30)
    for name in ("redaction", "retrieval", "audit"):
        os.kill(next(one.pid for one in chancery_local.status(home).processes if one.name == name), signal.SIGKILL)
    said, _ = await erasing.communicate()
    assert erasing.returncode == 0, said.decode()
    assert {one["store"]: one["erased"] for one in json.loads(report.read_text())["report"]["stores"]}["redaction.vault"] == 2

    key = CliRunner().invoke(app, ["audit", "key", "--tenant", TENANT]).output.strip()
    assert CliRunner().invoke(app, ["privacy", "verify", str(report), "--key", key]).exit_code == 0
    await eventually(lambda: not found(), within_s=30)
    async with ChanceryClient.connect(stack.kafka_bootstrap, TENANT) as client:
        answer = (await client.ask(Request("bank-faq", question("What was the complaint about the ledger surcharge?")), timeout_s=30)).data
    assert "[erased]" in answer.answer
    await _stands_nowhere_but_where_it_lapses(stack, home)


async def test_what_is_held_is_left_until_the_hold_ends(stack, home, tmp_path):
    other = "Rosalind Featherstone"
    (tmp_path / "d.md").write_text(HELD.format(name=other))
    assert await index_documents(stack.kafka, [read_document(tmp_path / "d.md", TENANT)], lambda _: None) == 1
    await eventually(lambda: "audit.payloads" in found(other), within_s=30)
    held = command("hold", "--reason", "litigation", given=other)
    assert (held.exit_code, held.output.partition(": hold ")[0]) == (0, "m-e2e"), held.output
    hold = held.output.strip().rpartition(" ")[2]
    await eventually(lambda: hold in _audit("hold", "list").output, within_s=30)
    report = tmp_path / "erased.json"
    words = ("erase", "--reason", "asked for", "--legal-ground", "GDPR 17(1)(b)", "--out", str(report))
    assert command(*words, given=other).exit_code == 1
    assert json.loads(report.read_text())["report"]["held"]["holds"] == [hold]
    assert _audit("hold", "release", hold, "--reason", "over").exit_code == 0
    assert command(*words, given=other).exit_code == 0
    await eventually(lambda: not found(other), within_s=30)


@pytest.mark.parametrize("form", ["json", "html", "csv"])
async def test_the_register_of_processing_tells_what_runs(stack, form):
    made = await asyncio.to_thread(CliRunner().invoke, app, ["privacy", "register", "--tenant", TENANT, "--format", form])
    assert made.exit_code == 0, made.output
    assert "bank-faq@1" in made.output and "IBAN_CODE" in made.output and "to be filled in by the controller" in made.output


def _audit(*words):
    return CliRunner().invoke(app, ["audit", *words, "--tenant", TENANT])


def _orders(tenant):
    return json.loads(CliRunner().invoke(app, ["privacy", "orders", "--tenant", tenant]).output)


async def _stands_nowhere_but_where_it_lapses(stack, home):
    """The pipeline's topics keep what they were given for their days, and the report says so; no table, log or fact has it."""
    needles = [needle.encode() for needle in (NAME, "Margaret\nFairweather", "Margaret\\nFairweather", IBAN, IBAN.replace(" ", ""))]
    lapsing = {"documents", "interactions.grounded", "interactions.authorised", "interactions.generated", "interactions.validated"}
    places = {place async for place, content in sinks(stack, home) if any(needle in content for needle in needles)}
    assert {place for place in places if place.removeprefix("topic chancery.") not in lapsing} == set()
