"""A model of MLflow's registry, or its MLmodel file, becomes the draft of an entry."""

import pytest
from chancery_cli.cards.drafting import drafted
from chancery_cli.cards.mlflow import from_files, from_registry
from chancery_cli.errors import CommandFailed
from chancery_contracts.bodies import ModelBody
from fastapi import FastAPI
from fastapi.responses import JSONResponse

BASE = {"name": "credit-memo", "tenant": "a-bank", "body": {"provider": "vllm"}}
MODEL = {
    "name": "credit-memo", "creation_timestamp": 1, "description": "Writes memos.",
    "latest_versions": [{"version": "2"}, {"version": "10"}], "aliases": [{"alias": "champion", "version": "2"}],
    "tags": [{"key": "license", "value": "proprietary"}, {"key": "languages", "value": "en, fr"}],
}  # fmt: skip
RUN = {
    "data": {"metrics": [{"key": "faithfulness", "value": 0.93, "step": 0}, {"key": "bad", "value": {"x": 1}}]},
    "inputs": {"dataset_inputs": [{"dataset": {"name": "memos-2025"}}]},
}
MLMODEL = """
flavors:
  transformers: {task: text-generation, source_model_name: a-lab/base-7b}
model_uuid: 2f1c0d
mlflow_version: 3.4.0
metadata: {license: mit, languages: [en], limits: ['No advice.'], context_tokens: 16384}
"""


def tracking(model=MODEL, run=RUN):
    app, api = FastAPI(), "/api/2.0/mlflow"

    @app.get(f"{api}/registered-models/get")
    def registered(name: str):
        gone = JSONResponse({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}, 404)
        return {"registered_model": model} if name == "credit-memo" else gone

    @app.get(f"{api}/model-versions/get")
    def version(name: str, version: str):
        if version not in {"2", "10"}:
            return JSONResponse({"error_code": "RESOURCE_DOES_NOT_EXIST"}, 404)
        tags = [{"key": "limitations", "value": "Not for retail.\nNot for tax."}, {"key": "context_length", "value": "8192"}]
        return {"model_version": {"name": name, "version": version, "run_id": "abc123", "tags": tags}}

    @app.get(f"{api}/runs/get")
    def one_run(run_id: str):
        return {"run": run}

    return app


def body_of(imported):
    return ModelBody.model_validate(drafted(imported, BASE)["body"])


class TestOverTheWire:
    def test_the_newest_version_with_its_run(self, serve):
        source = serve(tracking())
        body = body_of(from_registry(source, "credit-memo", None))
        assert (body.provider_model, body.context_tokens, body.card.revision) == ("credit-memo", 8192, "credit-memo/10 run abc123")
        assert (body.card.licence, body.card.languages) == ("proprietary", ("en", "fr"))
        assert body.card.limits == ("Not for retail.", "Not for tax.")
        assert [(one.dataset, one.metric, one.value) for one in body.card.evaluations] == [("memos-2025", "faithfulness", "0.93")]
        assert body.card.description == "Writes memos."

    @pytest.mark.parametrize("wanted", ["champion", "2"])
    def test_an_alias_or_number(self, serve, wanted):
        assert from_registry(serve(tracking()), "credit-memo", wanted).card["revision"] == "credit-memo/2 run abc123"


class TestHostile:
    @pytest.mark.parametrize(
        ("name", "version", "words"),
        [
            ("none", None, "no registered model"),
            ("credit-memo", "3", "no version 3"),
            ("credit-memo", "loser", "aliases: champion"),
            ("credit-memo", "../2", "no such"),
        ],
    )
    def test_unknown_is_said(self, serve, name, version, words):
        with pytest.raises(CommandFailed, match=words):
            from_registry(serve(tracking()), name, version)

    @pytest.mark.parametrize("wrong", [None, 7, "x", [1, {"a": None}], {"a": {"b": []}}, [{"key": [], "value": {}}]])
    def test_wrong_types_are_left_out(self, serve, wrong):
        model = MODEL | {"tags": wrong, "description": wrong, "aliases": wrong}
        run = {"data": wrong, "inputs": wrong}
        assert body_of(from_registry(serve(tracking(model, run)), "credit-memo", "10")).card.evaluations == ()

    def test_a_model_of_a_wrong_type_is_none(self, serve):
        with pytest.raises(CommandFailed, match="no registered model"):
            from_registry(serve(tracking(model=[1])), "credit-memo", None)


class TestFromFiles:
    def test_an_mlmodel_file(self, tmp_path):
        (tmp_path / "MLmodel").write_text(MLMODEL)
        imported = from_files(tmp_path)
        base = {"name": "m", "body": {"provider": "vllm", "provider_model": "m"}}
        card = ModelBody.model_validate(drafted(imported, base)["body"]).card
        assert (imported.context_tokens, card.licence, card.base_models, card.limits) == (16384, "mit", ("a-lab/base-7b",), ("No advice.",))
        assert card.revision == "2f1c0d"

    @pytest.mark.parametrize("content", [b"[1]", b"a: [", b"\xff\xfe", b"&a [*a]", b"x" * 2_097_153])
    def test_what_is_none_is_said(self, tmp_path, content):
        (tmp_path / "MLmodel").write_bytes(content)
        with pytest.raises(CommandFailed):
            from_files(tmp_path)
