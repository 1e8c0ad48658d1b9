"""A model card of the hub becomes the draft of an entry, pinned to its commit; whatever else a server says becomes one plain error."""

import json

import pytest
from chancery_cli.cards.drafting import drafted
from chancery_cli.cards.fetching import MOST_BYTES
from chancery_cli.cards.huggingface import from_files, from_hub
from chancery_cli.errors import CommandFailed
from chancery_contracts.bodies import ModelBody
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

SHA = "0123456789abcdef0123456789abcdef01234567"
README = """---
license: apache-2.0
language: [en, de]
datasets:
- squad
- bank77
base_model: a-lab/base-7b
pipeline_tag: text-generation
model-index:
- name: answerer
  results:
  - task: {type: text-generation}
    dataset: {name: FinanceBench, type: financebench, split: dev}
    metrics:
    - {type: accuracy, value: 0.71}
    - {type: f1, value: 68.2, name: F1 (macro)}
    source: {name: Open board, url: 'https://example.org/board'}
---
# Answerer

## Intended use
Questions.

## Limitations
- Knows nothing after 2025.
- Weak with
  tables.

### Bias
Mostly English texts.

## Training
Not a limit.
"""
CONFIG = {"architectures": ["A"], "max_position_embeddings": 32768}
BASE = {"kind": "model", "name": "answerer", "tenant": "shared", "body": {"provider": "vllm", "base_url": "http://vllm:8000/v1"}}


def hub(readme=README, config=CONFIG, sha=SHA, asked=None):
    app = FastAPI()

    @app.get("/api/models/a-lab/answerer/revision/{revision}")
    def model(revision: str):
        return {"id": "a-lab/answerer", "sha": sha, "pipeline_tag": "text-generation"}

    @app.get("/a-lab/answerer/resolve/{revision}/{file}")
    def resolve(revision: str, file: str, request: Request):
        if asked is not None:
            asked.append((revision, file, request.headers.get("authorization")))
        found = {"README.md": readme, "config.json": json.dumps(config) if isinstance(config, dict) else config}.get(file)
        return Response(found, media_type="text/plain") if found is not None else Response(status_code=404)

    return app


def body_of(imported):
    return ModelBody.model_validate(drafted(imported, BASE)["body"])


class TestOverTheWire:
    def test_the_card_is_filled_and_pinned_to_the_commit(self, serve):
        asked = []
        source = serve(hub(asked=asked))
        body = body_of(from_hub(source, "a-lab/answerer", "main"))
        card = body.card
        assert {revision for revision, _, _ in asked} == {SHA}, "a branch may move while we read"
        assert (body.provider_model, body.context_tokens, card.revision) == ("a-lab/answerer", 32768, SHA)
        assert (card.licence, card.languages, card.base_models) == ("apache-2.0", ("en", "de"), ("a-lab/base-7b",))
        assert card.training_data == "Datasets that the card names: squad, bank77"
        assert [(one.dataset, one.metric, one.value) for one in card.evaluations] == [
            ("FinanceBench dev", "accuracy", "0.71"), ("FinanceBench dev", "F1 (macro)", "68.2"),
        ]  # fmt: skip
        assert card.limits == ("Knows nothing after 2025.", "Weak with tables.", "Mostly English texts.")
        assert card.source == f"{source.endpoint}/a-lab/answerer"

    def test_what_the_base_says_of_clearance_prices_and_limits_stays(self, serve):
        base = BASE | {"body": BASE["body"] | {"clearance": "restricted", "context_tokens": 8000, "card": {"availability": "99.9 %"}}}
        body = ModelBody.model_validate(drafted(from_hub(serve(hub()), "a-lab/answerer", "main"), base)["body"])
        assert (body.clearance, body.context_tokens, body.card.availability) == ("restricted", 8000, "99.9 %")

    def test_without_readme_and_config_there_is_still_a_pin(self, serve):
        card = body_of(from_hub(serve(hub(readme=None, config=None)), "a-lab/answerer", "main")).card
        assert (card.revision, card.licence, card.evaluations) == (SHA, None, ())

    def test_a_renamed_model_is_followed_on_the_same_server(self, serve):
        app = hub()

        @app.get("/api/models/old/name/revision/main")
        def renamed():
            return RedirectResponse("/api/models/a-lab/answerer/revision/main", 307)

        assert from_hub(serve(app), "old/name", "main").card["revision"] == SHA


class TestHostileServers:
    @pytest.mark.parametrize("model", ["../../etc/passwd", "a/b/c", "a b", "", "a/..", "http://other/x"])
    def test_names_that_are_none_are_not_asked_for(self, serve, model):
        with pytest.raises(CommandFailed, match="ORGANISATION/NAME"):
            from_hub(serve(FastAPI()), model, "main")

    @pytest.mark.parametrize("sha", [None, "main", 7, "g" * 40, {"a": 1}])
    def test_no_commit_no_card(self, serve, sha):
        with pytest.raises(CommandFailed, match="which commit"):
            from_hub(serve(hub(sha=sha)), "a-lab/answerer", "main")

    def test_unknown_is_said(self, serve):
        with pytest.raises(CommandFailed, match="has no model a-lab/none at main"):
            from_hub(serve(hub()), "a-lab/none", "main")

    def test_endless_text_ends_at_a_bound(self, serve):
        with pytest.raises(CommandFailed, match=f"more than {MOST_BYTES} bytes"):
            from_hub(serve(hub(readme="x" * (MOST_BYTES + 1))), "a-lab/answerer", "main")

    @pytest.mark.parametrize(
        ("readme", "words"),
        [
            ("---\nlicense: [\n---\n", "front matter is no YAML"),
            ("---\n- a\n- b\n---\n", "no YAML mapping"),
            ("---\nlicense: mit\n", "does not end"),
            ("---\na: &a [x]\nb: *a\n---\n", "aliases"),
            ("---\nx: !!python/object/apply:os.system [ls]\n---\n", "front matter is no YAML"),
            ("---\nx: " + "[" * 20_000 + "\n---\n", "nested too deep"),
            ("---\nx: '" + "x" * 600_000 + "'\n---\n", "longer than"),
        ],
    )
    def test_what_is_no_front_matter(self, serve, readme, words):
        with pytest.raises(CommandFailed, match=words):
            from_hub(serve(hub(readme=readme)), "a-lab/answerer", "main")

    @pytest.mark.parametrize("config", ["[1]", "no json", "[" * 100_000])
    def test_what_is_no_configuration(self, serve, config):
        with pytest.raises(CommandFailed, match="no JSON"):
            from_hub(serve(hub(config=config)), "a-lab/answerer", "main")

    @pytest.mark.parametrize("value", [-1, 0, "big", True, None, 1e9, [4096], 10**12])
    def test_what_is_no_length_is_left_out(self, serve, value):
        assert from_hub(serve(hub(config={"max_position_embeddings": value})), "a-lab/answerer", "main").context_tokens is None

    @pytest.mark.parametrize("field", ["license", "language", "datasets", "base_model", "model-index", "pipeline_tag", "license_link"])
    @pytest.mark.parametrize("value", ["7", "{a: {b: 1}}", "[[1], {a: 2}, null]", "true", "[{results: [{metrics: [{value: {}}, 3]}, 4]}]"])
    def test_wrong_types_are_left_out(self, serve, field, value):
        assert body_of(from_hub(serve(hub(readme=f"---\n{field}: {value}\n---\n")), "a-lab/answerer", "main")).card.revision == SHA

    def test_long_lists_and_texts_are_cut(self, serve):
        many = ", ".join(f"d{n}" for n in range(5_000))
        readme = f"---\nlicense: {'l' * 9_000}\nlanguage: [{many}]\ndatasets: [{many}]\n---\n## Limitations\n" + "- no\n- never\n" * 9_000
        card = body_of(from_hub(serve(hub(readme=readme)), "a-lab/answerer", "main")).card
        assert (len(card.licence), len(card.languages), len(card.limits)) == (500, 100, 2)
        assert len(card.training_data) <= 2_000

    def test_elsewhere_is_not_followed_and_gets_no_token(self, serve):
        asked = []
        other = serve(hub(asked=asked))
        app = FastAPI()

        @app.get("/api/models/a-lab/answerer/revision/main")
        def elsewhere():
            return RedirectResponse(f"{other.endpoint}/api/models/a-lab/answerer/revision/main", 302)

        with pytest.raises(CommandFailed, match=r"redirects to 127\.0\.0\.1"):
            from_hub(serve(app), "a-lab/answerer", "main")
        assert asked == []

    def test_circles_end(self, serve):
        app = FastAPI()

        @app.get("/api/models/a-lab/answerer/revision/main")
        def circle():
            return RedirectResponse("/api/models/a-lab/answerer/revision/main", 302)

        with pytest.raises(CommandFailed, match="without end"):
            from_hub(serve(app), "a-lab/answerer", "main")

    @pytest.mark.parametrize(("status", "words"), [(401, "HF_TOKEN"), (500, "answers 500"), (206, "answers 206")])
    def test_errors_are_said(self, serve, status, words):
        app = FastAPI()

        @app.get("/api/models/a-lab/answerer/revision/main")
        def fails():
            return PlainTextResponse("secret", status)

        with pytest.raises(CommandFailed, match=words) as raised:
            from_hub(serve(app), "a-lab/answerer", "main")
        assert "secret" not in str(raised.value)


class TestFromFiles:
    def test_a_folder_with_its_configuration(self, tmp_path):
        (tmp_path / "README.md").write_text(README)
        (tmp_path / "config.json").write_text(json.dumps({"text_config": {"max_position_embeddings": 4096}}))
        imported = from_files(tmp_path, SHA)
        assert (imported.context_tokens, imported.card["revision"], imported.card["licence"]) == (4096, SHA, "apache-2.0")

    def test_windows_line_ends_and_no_front_matter(self, tmp_path):
        (tmp_path / "README.md").write_bytes(README.replace("\n", "\r\n").encode())
        assert from_files(tmp_path, None).card["languages"] == ("en", "de")
        (tmp_path / "README.md").write_text("# A model\n")
        assert from_files(tmp_path, None).card["licence"] is None

    def test_what_cannot_be_read_is_said(self, tmp_path):
        with pytest.raises(CommandFailed, match="cannot read"):
            from_files(tmp_path, None)
        (tmp_path / "README.md").write_bytes(b"\xff\xfe")
        with pytest.raises(CommandFailed, match="no text"):
            from_files(tmp_path, None)

    def test_a_base_that_is_no_model_is_said(self, tmp_path):
        (tmp_path / "README.md").write_text(README)
        with pytest.raises(CommandFailed, match="make no model: provider"):
            drafted(from_files(tmp_path, None), {"name": "m", "body": {}})
        with pytest.raises(CommandFailed, match="one entry of kind"):
            drafted(from_files(tmp_path, None), {"body": {}})
