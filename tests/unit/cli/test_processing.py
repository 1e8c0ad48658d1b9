"""The register of processing tells what is configured, and names what only the controller knows."""

import csv
import io
from datetime import UTC, datetime

import yaml
from chancery_cli.processing import TO_FILL_IN, Format, _template, _written, register_of
from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ModelBody, RedactionPolicyBody, TenantBody, UseCaseBody
from chancery_contracts.catalogue import Catalogue
from chancery_testing.builders import registry_entry

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def catalogue():
    found = Catalogue()
    use_case = UseCaseBody(
        prompt=VersionRef(name="p", version=1), model=VersionRef(name="remote", version=1), collections=("letters",), budget="b",
        redaction_policy=VersionRef(name="r", version=1), retention_days=365,
    )  # fmt: skip
    model = ModelBody(provider="openai", provider_model="gpt", provider_name="=Somebody", base_url="https://eu.example")
    for kind, name, body in (
        ("tenant", "acme", TenantBody(display_name="Acme plc")), ("model", "remote", model),
        ("redaction_policy", "r", RedactionPolicyBody(entity_types=("PERSON", "IBAN_CODE"))), ("use_case", "advice", use_case),
    ):  # fmt: skip
        found.apply(registry_entry(kind, name, body.model_dump(mode="json"), tenant="acme"))
    return found


def made(known=None):
    return register_of("acme", catalogue(), ["advice", "not-in-force"], known or {}, NOW)


def test_what_is_configured_is_told():
    (activity,) = made()["processing_activities"]
    assert activity["use_case"] == "advice@1"
    assert activity["categories_of_data"][:2] == ["PERSON", "IBAN_CODE"]
    assert activity["retention"].startswith("365 days")
    (recipient,) = made()["recipients"]
    assert (recipient["provider"], recipient["model"], recipient["address"]) == ("=Somebody", "gpt", "https://eu.example")


def test_what_only_the_controller_knows_is_named_until_it_is_filled_in():
    assert made()["processing_activities"][0]["legal_basis"] == TO_FILL_IN
    known = {"use_cases": {"advice": {"legal_basis": "GDPR 6(1)(b)"}}, "recipients": {"=Somebody": {"country": "Ireland"}},
             "controller": {"contact": "dpo@acme.example"}, "security_measures": ["badges"]}  # fmt: skip
    document = made(known)
    assert document["processing_activities"][0]["legal_basis"] == "GDPR 6(1)(b)"
    assert (document["recipients"][0]["country"], document["recipients"][0]["safeguards"]) == ("Ireland", TO_FILL_IN)
    assert (document["controller"]["name"], document["controller"]["contact"]) == ("Acme plc", "dpo@acme.example")
    assert document["security_measures"][-1] == "badges"


def test_the_template_lists_what_is_to_be_filled_in_and_is_read_back():
    template = yaml.safe_load(_template(made()))
    assert list(template["use_cases"]) == ["advice"]
    assert made(template) == made()


def test_a_spreadsheet_runs_no_formula_and_a_page_no_markup():
    document = made({"use_cases": {"advice": {"purpose": "=1+1", "legal_basis": "<script>"}}})
    (row,) = csv.DictReader(io.StringIO(_written(document, Format.CSV)))
    assert row["purpose"] == "'=1+1"
    assert "<script" not in _written(document, Format.HTML)
