"""What is exported and read again is the same, to the byte of its hash."""

import json
import tempfile
from pathlib import Path

import pytest
from chancery_cli.errors import CommandFailed
from chancery_cli.registry.exporting import Exported, files_of, write_files
from chancery_cli.registry.folder import read_folder
from chancery_cli.registry.naming import Thing
from chancery_contracts.canonical import body_sha256
from hypothesis import given, settings
from hypothesis import strategies as st

USE_CASE = {
    "prompt": {"name": "answer", "version": 2}, "model": {"name": "m", "version": 1}, "collections": ["faq"], "budget": "b",
    "redaction_policy": {"name": "standard", "version": 1}, "routing": {"fallbacks": [{"name": "m", "version": 1}]},
}  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
PROMPT = Thing("a-bank", "prompt", "answer")
CASE = Thing("a-bank", "use_case", "faq")


def _again(entries, **options):
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), files_of(entries, **options), overwrite=False)
        return {one.thing: one for one in read_folder(Path(folder), None)}


class TestRoundTrip:
    @settings(max_examples=80, deadline=None)
    @given(system=TEXT, user=TEXT)
    def test_any_text_of_a_prompt(self, system, user):
        body = {"system": system, "user": user}
        assert body_sha256(_again([Exported(PROMPT, 1, body)], pins=False)[PROMPT].body) == body_sha256(body)

    @settings(max_examples=50, deadline=None)
    @given(limit=st.integers(0, 2**63), names=st.lists(TEXT.filter(lambda one: one.strip()), max_size=5), score=st.floats(0, 1))
    def test_any_list_and_number(self, limit, names, score):
        budget, policy = Thing("a-bank", "budget", "b"), Thing("a-bank", "redaction_policy", "p")
        bodies = {budget: {"limit_micros": limit}, policy: {"entity_types": ["PERSON"], "score_threshold": score, "allow_list": names}}
        again = _again([Exported(thing, 1, body) for thing, body in bodies.items()], pins=False)
        assert {thing: one.body for thing, one in again.items()} == bodies
        assert json.loads(json.dumps(again[policy].body)) == bodies[policy]

    def test_references_follow_what_is_exported_beside(self):
        again = _again([Exported(PROMPT, 2, {"system": "s", "user": "u"}), Exported(CASE, 1, USE_CASE)], pins=False)
        assert again[CASE].body["prompt"] == {"name": "answer"}
        assert again[CASE].body["model"] == {"name": "m", "version": 1}, "it is not beside"

    def test_and_another_version_than_that_beside_stays(self):
        again = _again([Exported(PROMPT, 3, {"system": "s", "user": "u"}), Exported(CASE, 1, USE_CASE)], pins=False)
        assert again[CASE].body["prompt"] == {"name": "answer", "version": 2}

    def test_with_pins_every_version_stays(self):
        assert _again([Exported(PROMPT, 2, {"system": "s", "user": "u"}), Exported(CASE, 1, USE_CASE)], pins=True)[CASE].body == USE_CASE

    def test_no_hash_of_an_api_key_is_written(self):
        files = files_of(
            [Exported(Thing("a-bank", "tenant", "a-bank"), 1, {"display_name": "A", "api_key_sha256": ["c0ffee"]})], pins=False
        )
        assert "c0ffee" not in "".join(files.values())


class TestWriting:
    def test_texts_of_prompts_are_files(self):
        files = files_of([Exported(PROMPT, 1, {"system": "Be brief.", "user": "{question}"})], pins=False)
        assert files["a-bank/prompt/answer/system.jinja"] == "Be brief.\n"
        assert "system: !file system.jinja" in files["a-bank/prompt/answer/prompt.yaml"].replace("'", "")

    def test_what_somebody_changed_is_not_lost(self, tmp_path):
        files = files_of([Exported(CASE, 1, USE_CASE)], pins=False)
        assert write_files(tmp_path, files, overwrite=False) == 1
        assert write_files(tmp_path, files, overwrite=False) == 0
        (tmp_path / "a-bank/use_case/faq.yaml").write_text("mine")
        with pytest.raises(CommandFailed, match="other contents"):
            write_files(tmp_path, files, overwrite=False)
        assert write_files(tmp_path, files, overwrite=True) == 1
