"""What is published is what the code does; yesterday's bytes are read today; a public validator agrees."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from chancery_contracts import Origin, decode, encode
from chancery_contracts.freezing import SCHEMAS, changed
from chancery_contracts.publication import json_schemas
from chancery_testing import builders

RECORDED = Path(__file__).parent / "recorded"
BUILDERS = [
    builders.requested,
    builders.redacted,
    builders.grounded,
    builders.authorised,
    builders.generated,
    builders.validated,
    builders.refused,
]


def test_the_committed_schemas_are_those_of_the_code():
    assert changed() == [], "a published schema changed: make a new version of its type (python -m chancery_contracts.freezing --write)"


def test_a_changed_schema_is_noticed(tmp_path):
    shutil.copytree(SCHEMAS, tmp_path, dirs_exist_ok=True)
    name = "chancery.usage.reported.v1.json"
    (tmp_path / name).write_text((tmp_path / name).read_text().replace("reservation_id", "reservation"))
    assert changed(tmp_path) == [name]


@pytest.mark.parametrize("build", BUILDERS)
def test_what_is_written_fits_its_published_schema(build):
    event = build()
    jsonschema.validate(json.loads(encode(event).value), json_schemas()[event.type])


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.json")), ids=lambda path: path.stem)
def test_bytes_recorded_by_an_earlier_release_are_read(path):
    recorded = json.loads(path.read_text())
    headers = [(name, value.encode()) for name, value in recorded["headers"]]
    event = decode(recorded["value"].encode(), headers, Origin(None, 1_767_225_600_000))
    assert event.type == recorded["type"]
    # And in today's bytes, yesterday's readers find every member they knew.
    known, now = json.loads(recorded["value"]), json.loads(encode(event).value)
    assert _as_known(now, known) == known


def _as_known(now: Any, known: Any) -> Any:
    """What a reader that knows only these members sees: members that came later are passed over, at any depth."""
    if isinstance(now, dict) and isinstance(known, dict):
        return {key: _as_known(now[key], known[key]) for key in known if key in now}
    if isinstance(now, list) and isinstance(known, list) and len(now) == len(known):
        return [_as_known(one, other) for one, other in zip(now, known, strict=True)]
    return now


def test_bytes_of_the_pipeline_are_on_record():
    assert {json.loads(path.read_text())["type"] for path in RECORDED.glob("*.json")} >= {build().type for build in BUILDERS}


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is absent: the AsyncAPI document is not checked by @asyncapi/parser")
@pytest.mark.timeout(300)
def test_a_public_parser_accepts_the_asyncapi_document(root):
    folder = root / "tests" / "contract" / "asyncapi"
    installed = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, check=False
    )
    if installed.returncode != 0:
        pytest.skip("npm could not install @asyncapi/parser (no registry in reach)")
    checked = subprocess.run(
        ["node", "validate.mjs", str(SCHEMAS / "asyncapi.yaml")], cwd=folder, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    document = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text())
    broken = folder / "broken.yaml"
    document["channels"]["usage"]["messages"]["UsageReportedV1"] = {"$ref": "#/components/messages/Nowhere"}
    broken.write_text(yaml.safe_dump(document))
    try:
        assert subprocess.run(["node", "validate.mjs", str(broken)], cwd=folder, capture_output=True, check=False).returncode != 0
    finally:
        broken.unlink()
