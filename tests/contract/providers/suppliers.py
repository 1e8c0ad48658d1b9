"""Every provider as its wire is spoken here and simulated there."""

from dataclasses import dataclass
from uuid import uuid4

import httpx
from chancery_contracts import system_clock
from chancery_contracts.bodies import ModelBody
from chancery_contracts.bodies.prompts import PromptTool
from chancery_generation.adapters.providers.exchange import ExchangeLimits
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.suppliers import Providers, suppliers, wires
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import CallResult
from chancery_generation.domain.prompting import RenderedPrompt
from chancery_runtime.keys.sigv4 import Credentials
from chancery_testing.providers.state import Provider

KEY, ACCESS, SECRET = "sk-of-a-test", "AKIDTEST", "secret-of-a-test"
PATHS = {
    "openai": "/v1", "openai-responses": "/v1", "azure": "", "anthropic": "", "bedrock": "", "cohere": "", "mistral": "/mistral/v1",
    "vllm": "/vllm/v1", "ollama": "", "llama.cpp": "/llama.cpp/v1",
}  # fmt: skip
RIGHT = Secrets({"TEST_API_KEY": KEY}, Credentials(ACCESS, SECRET, "token-of-a-session"))
LIMIT = 200_000
PASSAGES = "[1] Cards\nThe fee for a replacement card is £5.00. Ask for it.\n\n[2] Loans\nNone."
TEXT = "The fee for a replacement card is £5.00. [1]"
TOOLS = (PromptTool(name="look_up", description="Looks up", parameters={"type": "object", "properties": {"to": {"type": "string"}}}),)
SCHEMA = {"type": "object", "properties": {"fee": {"type": "string"}}, "required": ["fee"], "additionalProperties": False}


def prompt(user: str = "", **more: object) -> RenderedPrompt:
    """A question over passages."""
    return RenderedPrompt("Cite.", f"{user}\n\n{PASSAGES}", (), **more)  # type: ignore[arg-type]  # the fields that a test is about


@dataclass(frozen=True)
class Supplier:
    """One provider, asked for its reply whole or as a stream."""

    name: str
    stream: bool
    provider: Provider
    base: str
    client: httpx.AsyncClient
    idle_s: float = 5.0
    secrets: Secrets = RIGHT

    def model(self, **changes: object) -> ModelBody:
        """Its entry in the registry; Bedrock's is without an API key, and signed."""
        fields: dict[str, object] = {
            "provider": self.name, "provider_model": "vendor.model-1:0", "base_url": self.base + PATHS[self.name], "region": "eu-west-1",
            "api_key_environment": None if self.name == "bedrock" else "TEST_API_KEY", "stream": self.stream,
        }  # fmt: skip
        return ModelBody.model_validate(fields | changes)

    async def ask(self, rendered: RenderedPrompt, within_s: float = 5.0, key: str | None = None, **changes: object) -> CallResult:
        """One call."""
        providers = Providers(suppliers(self.client, wires(self.secrets, system_clock), system_clock, ExchangeLimits(LIMIT, self.idle_s)))
        return await providers.call(ModelRequest(key or str(uuid4()), self.model(**changes), rendered, 100), within_s)

    async def fails(self, fault: str, within_s: float = 5.0, **more: object) -> CallResult:
        """One call, with a fault."""
        return await self.ask(prompt(f"[[fault:{fault}]]", **more), within_s)
