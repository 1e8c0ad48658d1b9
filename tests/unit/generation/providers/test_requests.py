"""What is sent to each provider, word for word."""

import json
from typing import Any

import pytest
from chancery_contracts.bodies import ModelBody
from chancery_contracts.bodies.prompts import PromptTool
from chancery_contracts.interactions import Message
from chancery_generation.adapters.providers.asking import closed
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.suppliers import wires
from chancery_generation.adapters.providers.wire import Outgoing
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.prompting import RenderedPrompt
from chancery_generation.errors import BadOption, MissingApiKey, MissingBaseUrl, MissingCredentials
from chancery_runtime.keys.sigv4 import Credentials
from chancery_testing.clock import FixedClock

SECRETS = Secrets({"ACME_API_KEY": "k"}, Credentials("AKID", "s", "session"))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
LOOK = PromptTool(name="look", description="Looks", parameters=SCHEMA)
BARE = PromptTool(name="bare")
EXAMPLES = (Message(role="user", content="q"), Message(role="assistant", content="a"))


def sent(provider: str, prompt: RenderedPrompt | None = None, **fields: Any) -> Outgoing:
    defaults = {"provider_model": "m", "base_url": "http://model.test/x/", "api_key_environment": "ACME_API_KEY", "region": "eu-west-1"}
    model = ModelBody.model_validate({"provider": provider} | defaults | fields)
    return wires(SECRETS, FixedClock())[provider].outgoing(ModelRequest("event-1", model, prompt or RenderedPrompt("sys", "usr", ()), 42))


def body(*arguments: Any, **fields: Any) -> dict[str, Any]:
    return json.loads(sent(*arguments, **fields).body)


class TestChatCompletions:
    def test_the_least(self) -> None:
        out = sent("openai")
        assert out.url == "http://model.test/x/chat/completions"
        assert out.headers["Authorization"] == "Bearer k" and out.headers["Idempotency-Key"] == "event-1"
        assert json.loads(out.body) == {
            "model": "m", "messages": [{"role": "system", "content": "sys"}, {"role": "user", "content": "usr"}],
            "stream": False, "max_tokens": 42, "temperature": 0,
        }  # fmt: skip

    def test_examples_tools_schema_stream(self) -> None:
        found = body("vllm", RenderedPrompt("sys", "usr", (), EXAMPLES, SCHEMA, (LOOK, BARE)), stream=True)
        assert [one["content"] for one in found["messages"]] == ["sys", "q", "a", "usr"]
        assert found["tools"][0] == {"type": "function", "function": {"name": "look", "description": "Looks", "parameters": SCHEMA}}
        assert found["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
        assert found["response_format"] == {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
        assert found["stream"] is True and found["stream_options"] == {"include_usage": True}

    def test_openai_itself_has_another_name_for_the_limit(self) -> None:
        found = body("openai", provider_name="openai", provider_model="gpt-5-mini")
        assert found["max_completion_tokens"] == 42 and "temperature" not in found and "max_tokens" not in found

    def test_mistral_is_not_asked_for_usage(self) -> None:
        assert "stream_options" not in body("mistral", stream=True)

    def test_azure_has_the_deployment_in_its_path(self) -> None:
        out = sent("azure", options={"deployment": "our gpt/4", "api_version": "2025-01-01"})
        assert out.url == "http://model.test/x/openai/deployments/our%20gpt%2F4/chat/completions?api-version=2025-01-01"
        assert out.headers["api-key"] == "k" and "Authorization" not in out.headers


class TestResponses:
    def test_nothing_is_stored(self) -> None:
        found = body("openai-responses", RenderedPrompt("sys", "usr", (), EXAMPLES, SCHEMA, (LOOK, BARE)))
        assert (found["instructions"], found["input"][-1], found["store"]) == ("sys", {"role": "user", "content": "usr"}, False)
        assert found["text"] == {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}}
        assert [(one["name"], one["strict"]) for one in found["tools"]] == [("look", True), ("bare", False)]


class TestAnthropic:
    def test_headers_and_system(self) -> None:
        out = sent("anthropic", RenderedPrompt("sys", "usr", (), EXAMPLES, SCHEMA, (LOOK,)))
        found = json.loads(out.body)
        assert out.url.endswith("/x/v1/messages") and out.headers["x-api-key"] == "k" and out.headers["anthropic-version"] == "2023-06-01"
        assert found["system"] == "sys" and [one["role"] for one in found["messages"]] == ["user", "assistant", "user"]
        assert found["tools"] == [{"name": "look", "description": "Looks", "input_schema": SCHEMA}]
        assert found["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}} and "tool_choice" not in found

    def test_a_schema_as_a_tool(self) -> None:
        prompt = RenderedPrompt("sys", "usr", (), output_schema=SCHEMA)
        found = body("anthropic", prompt, options={"structured": "tool"})
        assert found["tool_choice"] == {"type": "tool", "name": "answer"} and found["tools"][0]["input_schema"] == SCHEMA


class TestBedrock:
    def test_a_key_of_bedrocks(self) -> None:
        out = sent("bedrock", base_url=None, provider_model="eu.vendor.m-1:0", stream=True)
        assert out.url == "https://bedrock-runtime.eu-west-1.amazonaws.com/model/eu.vendor.m-1%3A0/converse-stream"
        assert out.headers["Authorization"] == "Bearer k"

    def test_a_signature_shows_no_secret_and_is_bound_to_host_region_and_service(self) -> None:
        out = sent("bedrock", api_key_environment=None)
        assert "/eu-west-1/bedrock/aws4_request" in out.headers["authorization"] and out.headers["host"] == "model.test"
        assert "host;idempotency-key;x-amz-date;x-amz-security-token" in out.headers["authorization"]

    def test_the_body(self) -> None:
        found = body("bedrock", RenderedPrompt("sys", "usr", (), EXAMPLES, SCHEMA, (BARE,)))
        assert found["messages"][0] == {"role": "user", "content": [{"text": "q"}]} and found["system"] == [{"text": "sys"}]
        assert found["inferenceConfig"] == {"maxTokens": 42, "temperature": 0}
        spec = {"name": "bare", "description": "bare", "inputSchema": {"json": {"type": "object", "properties": {}}}}
        assert found["toolConfig"] == {"tools": [{"toolSpec": spec}]}
        assert json.loads(found["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"]) == SCHEMA

    def test_a_schema_as_a_tool_beside_others(self) -> None:
        prompt = RenderedPrompt("sys", "usr", (), output_schema=SCHEMA, tools=(BARE,))
        assert body("bedrock", prompt, options={"structured": "tool"})["toolConfig"]["toolChoice"] == {"any": {}}

    def test_a_region_is_needed(self) -> None:
        with pytest.raises(MissingBaseUrl):
            sent("bedrock", region=None)

    def test_credentials_are_needed(self) -> None:
        model = ModelBody(provider="bedrock", provider_model="m", region="eu-west-1")
        with pytest.raises(MissingCredentials):
            wires(Secrets(), FixedClock())["bedrock"].outgoing(ModelRequest("e", model, RenderedPrompt("s", "u", ()), 1))


class TestCohereAndOllama:
    def test_coheres_schema_does_not_go_with_tools(self) -> None:
        assert body("cohere", RenderedPrompt("s", "u", (), output_schema=SCHEMA))["response_format"]["json_schema"] == SCHEMA
        assert "response_format" not in body("cohere", RenderedPrompt("s", "u", (), output_schema=SCHEMA, tools=(BARE,)))

    def test_ollama_is_told_the_context(self) -> None:
        found = body("ollama", RenderedPrompt("s", "u", (), output_schema=SCHEMA), context_tokens=32_000)
        assert found["options"] == {"num_predict": 42, "num_ctx": 32_000, "temperature": 0} and found["format"] == SCHEMA


class TestAll:
    @pytest.mark.parametrize("provider", [name for name in wires(SECRETS, FixedClock()) if name != "bedrock"])
    def test_an_address_is_needed(self, provider: str) -> None:
        with pytest.raises(MissingBaseUrl):
            sent(provider, base_url=None)

    @pytest.mark.parametrize("provider", wires(SECRETS, FixedClock()))
    @pytest.mark.parametrize("variable", ["CHANCERY_DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "UNSET_API_KEY"])
    def test_other_secrets_are_not_given_out(self, provider: str, variable: str) -> None:
        with pytest.raises(MissingApiKey):
            sent(provider, api_key_environment=variable)

    @pytest.mark.parametrize("provider", wires(SECRETS, FixedClock()))
    def test_a_temperature_may_be_another_or_none(self, provider: str) -> None:
        assert b'"temperature":0.7' in sent(provider, options={"temperature": "0.7"}).body
        assert b"temperature" not in sent(provider, options={"temperature": "default"}).body
        with pytest.raises(BadOption):
            sent(provider, options={"temperature": "warm"})

    @pytest.mark.parametrize("provider", wires(SECRETS, FixedClock()))
    def test_what_is_sent_is_not_shown(self, provider: str) -> None:
        assert "usr" not in repr(sent(provider)) and "Bearer" not in repr(sent(provider))

    def test_only_some_variables_are_read(self) -> None:
        secrets = Secrets.of({"A_API_KEY": "1", "DATABASE_URL": "2", "AWS_ACCESS_KEY_ID": "3", "AWS_SECRET_ACCESS_KEY": "4"})
        assert dict(secrets.api_keys) == {"A_API_KEY": "1"} and secrets.aws == Credentials("3", "4")
        assert Secrets.of({"AWS_ACCESS_KEY_ID": "3"}).aws is None


class TestStrict:
    @pytest.mark.parametrize(
        ("schema", "strict"),
        [
            (SCHEMA, True), ({**SCHEMA, "required": []}, False), ({"type": "object", "properties": {"a": {}}, "required": ["a"]}, False),
            ({**SCHEMA, "properties": {"a": {"type": "array", "items": {"type": "object", "properties": {}}}}}, False),
            ({**SCHEMA, "properties": {"a": {"anyOf": [SCHEMA, {"type": "null"}]}}}, True), ({"type": "string"}, True),
        ],
    )  # fmt: skip
    def test_only_of_schemas_that_keep_its_rules(self, schema: dict[str, Any], strict: bool) -> None:
        assert closed(schema) is strict
