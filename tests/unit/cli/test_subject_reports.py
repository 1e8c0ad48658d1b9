"""A report is verified offline; what was changed in it, or signed by somebody else, is not."""

import copy
import json

import pytest
from chancery_cli.app import app
from chancery_cli.subject_pages import export_page, report_page
from chancery_cli.subject_reports import fault_of
from chancery_contracts.canonical import body_sha256
from chancery_ledger import Ed25519Signer, sign_note
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

SIGNER = Ed25519Signer("log.example/acme", Ed25519PrivateKey.from_private_bytes(b"s" * 32))
KEY = str(SIGNER.verifier)
REPORT = {
    "version": 1, "tenant": "acme", "order": "o-1", "purpose": "erase", "state": "done", "reason": "<b>asked</b>",
    "legal_ground": "GDPR 17",
    "requested_by": "officer:o/1", "placed_at": "2026-11-25", "ended_at": "2026-11-25", "identifiers": 2, "pseudonyms": 1,
    "stores": [{"store": "redaction.vault", "what": "values", "state": "erased", "found": 1, "erased": 1, "left": 0, "unreadable": 0,
                "matters": ["m-1"], "places": ["matter:m-1/<PERSON_7K2M>"], "more_places": 0}],
    "held": {"tenant": False, "matters": [], "holds": []}, "keys": "destroyed", "not_covered": ["this & that"],
    "lapses": [{"store": "topic documents", "holds": "raw", "kept": "7 days", "gone_by": "2026-12-02"}],
}  # fmt: skip


def note(report, signer=SIGNER, title="chancery subject report v1"):
    return sign_note(f"{title}\n{report['order']}\n{body_sha256(report)}\n", [signer])


def test_a_report_as_signed_holds():
    assert fault_of(REPORT, note(REPORT), KEY) is None
    assert fault_of(json.loads(json.dumps(REPORT, indent=2)), note(REPORT), KEY) is None


@pytest.mark.parametrize("path", [("state",), ("stores", 0, "erased"), ("stores", 0, "left"), ("order",), ("tenant",), ("held", "tenant")])
def test_whatever_is_changed_is_noticed(path):
    changed = copy.deepcopy(REPORT)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "x"
    assert fault_of(changed, note(REPORT), KEY) is not None


def test_another_key_another_tenants_key_or_another_kind_of_note_proves_nothing():
    other = Ed25519Signer("log.example/acme", Ed25519PrivateKey.from_private_bytes(b"t" * 32))
    assert fault_of(REPORT, note(REPORT, other), KEY) is not None
    another = Ed25519Signer("log.example/other", Ed25519PrivateKey.from_private_bytes(b"s" * 32))
    assert fault_of(REPORT, note(REPORT, another), str(another.verifier)) is not None
    assert fault_of(REPORT, note(REPORT, title="log.example/acme"), KEY) is not None
    assert fault_of(REPORT, "no note", KEY) is not None


def test_the_command_tells_by_its_exit_status(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps({"report": REPORT, "note": note(REPORT)}))
    bad.write_text(json.dumps({"report": REPORT | {"state": "partly"}, "note": note(REPORT)}))
    assert CliRunner().invoke(app, ["privacy", "verify", str(good), "--key", KEY]).exit_code == 0
    assert CliRunner().invoke(app, ["privacy", "verify", str(bad), "--key", KEY]).exit_code == 1


def test_pages_escape_every_text():
    page = report_page(REPORT, note(REPORT))
    assert "<b>asked" not in page and "&lt;b&gt;asked" in page and "this &amp; that" in page and "<script" not in page
    contents = {"stores": [{"store": "s", "found": 1, "contents": [{"where": "w", "member": "m", "text": "<script>alert(1)</script>"}]}]}
    assert "<script" not in export_page("acme", contents)
