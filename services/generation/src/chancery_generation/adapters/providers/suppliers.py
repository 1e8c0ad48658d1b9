"""Each provider's name in the registry, and who speaks its wire."""

from collections.abc import Mapping

import httpx
from chancery_contracts.event import Clock

from chancery_generation.adapters.providers.anthropic import AnthropicWire
from chancery_generation.adapters.providers.bedrock import BedrockWire
from chancery_generation.adapters.providers.cohere import CohereWire
from chancery_generation.adapters.providers.exchange import ExchangeLimits, HttpModel
from chancery_generation.adapters.providers.ollama import OllamaWire
from chancery_generation.adapters.providers.openai_chat import ChatWire, azure_address
from chancery_generation.adapters.providers.openai_responses import ResponsesWire
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.wire import Wire
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import CallResult
from chancery_generation.ports import Model


def wires(secrets: Secrets, clock: Clock) -> dict[str, Wire]:
    """By `ModelBody.provider`; `extractive` is not asked over any wire."""
    chat = ChatWire(secrets)
    return {
        "openai": chat,
        "openai-responses": ResponsesWire(secrets),
        "azure": ChatWire(secrets, azure_address),
        "anthropic": AnthropicWire(secrets),
        "bedrock": BedrockWire(secrets, clock),
        "cohere": CohereWire(secrets),
        "mistral": ChatWire(secrets, asks_for_usage=False),
        "vllm": chat,
        "ollama": OllamaWire(secrets),
        "llama.cpp": chat,
    }


def suppliers(client: httpx.AsyncClient, spoken: Mapping[str, Wire], clock: Clock, limits: ExchangeLimits) -> dict[str, Model]:
    """An adapter for each provider, over one client."""
    return {provider: HttpModel(client, wire, clock, limits) for provider, wire in spoken.items()}


class Providers:
    """Port `Model`: whoever a request's model is of."""

    def __init__(self, by_provider: Mapping[str, Model]) -> None:
        self._models = by_provider

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        """One call. Raises what the wire raises for an entry that is incomplete."""
        return await self._models[request.model.provider].call(request, time_left_s)
