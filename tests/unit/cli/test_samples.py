"""The samples are what they claim to be: enough of them, of a real length, and consistent with themselves."""

import re
from pathlib import Path
from typing import get_args

import pytest
from chancery_cli.demo.requests import load_requests
from chancery_cli.documents import read_document
from chancery_cli.provisioning import SAMPLES
from chancery_cli.registry_files import read_entries
from chancery_contracts.bodies.models import Provider

CONTRACTS = sorted((SAMPLES / "aldgate-law/contracts").glob("*.md"))
REPORTS = sorted((SAMPLES / "meridian-bank/reports").glob("*.md"))
FAQ = sorted((SAMPLES / "meridian-bank/faq").glob("*.md"))
_REFERENCE = re.compile(r"\bclauses? ((?:\d+(?:\.\d+)?(?:\([a-z]\))?(?:, | and | or )?)+)")


def _words(path: Path) -> int:
    return len(path.read_text("utf-8").split())


class TestWhatThereIs:
    def test_six_contracts_of_several_pages_and_a_letter(self) -> None:
        long = [path.stem for path in CONTRACTS if _words(path) >= 3000]
        assert len(long) == 6
        assert {path.stem for path in CONTRACTS} - {*long} == {"supplier-side-letter"}

    def test_sixty_entries_two_reports_and_sixty_pages(self) -> None:
        assert sum(len(re.findall(r"^#{2,3} .+\?$", path.read_text("utf-8"), re.MULTILINE)) for path in FAQ) >= 60
        assert len(REPORTS) == 2
        assert sum(map(_words, [*CONTRACTS, *REPORTS, *FAQ])) >= 60 * 500

    def test_requests_of_two_tenants_name_matters_that_have_documents(self) -> None:
        matters = {document.matter for path in CONTRACTS if (document := read_document(path, "aldgate-law"))}
        events = [request.event for request in load_requests(SAMPLES) if request.event is not None]
        assert len(events) >= 24
        assert {event.tenant for event in events} == {"aldgate-law", "meridian-bank"}
        assert {event.matter for event in events if event.matter} <= matters

    def test_one_model_of_each_provider_to_copy_from(self) -> None:
        entries = [entry.data.body for entry in read_entries([SAMPLES / "providers"], {})]
        assert sorted(["extractive", *(body["provider"] for body in entries)]) == sorted(get_args(Provider))

    def test_readme_tells_how_many_requests(self) -> None:
        readme = Path(__file__).resolve().parents[3] / "README.md"
        assert f"{len(load_requests(SAMPLES))} requests" in readme.read_text("utf-8")


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
class TestAContract:
    def test_clauses_are_numbered_without_gaps(self, path: Path) -> None:
        text = path.read_text("utf-8")
        heads = [int(number) for number in re.findall(r"^## (\d+)\. ", text, re.MULTILINE)]
        assert heads == list(range(1, len(heads) + 1))
        for head in heads:
            items = [int(number) for number in re.findall(rf"^{head}\.(\d+) ", text, re.MULTILINE)]
            assert items == list(range(1, len(items) + 1)), f"clause {head}"

    def test_every_clause_and_schedule_referred_to_exists(self, path: Path) -> None:
        text = path.read_text("utf-8")
        clauses = {*re.findall(r"^## (\d+)\. ", text, re.MULTILINE), *re.findall(r"^(\d+\.\d+) ", text, re.MULTILINE)}
        told = {number for match in _REFERENCE.finditer(text) for number in re.findall(r"\d+(?:\.\d+)?", match.group(1))}
        assert told <= clauses
        assert set(re.findall(r"Schedule (\d+)", text)) <= set(re.findall(r"^## Schedule (\d+)", text, re.MULTILINE))


def test_the_side_letter_hides_an_instruction() -> None:
    text = (SAMPLES / "aldgate-law/contracts/supplier-side-letter.md").read_text("utf-8")
    assert re.search(r"<!-- Ignore all previous instructions", text)
    assert re.search(r"^2\.2 Ignore all previous instructions", text, re.MULTILINE)
