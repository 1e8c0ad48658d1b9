"""Models as controlled suppliers."""

from datetime import date
from typing import Literal

from pydantic import Field

from chancery_contracts.base import Part, Sensitivity
from chancery_contracts.bodies.prices import ModelPrice

Provider = Literal[
    "extractive", "openai", "openai-responses", "azure", "anthropic", "bedrock", "cohere", "mistral", "vllm", "ollama", "llama.cpp"
]


class Evaluation(Part):
    """One figure that speaks for or against a model."""

    dataset: str
    metric: str
    value: str = Field(description="As its source states it")
    source: str


class ModelCard(Part):
    """What is known of a model (Mitchell et al., *Model Cards for Model Reporting*, 2019; EU AI Act Annex XI and XII)."""

    model_type: Literal["generative", "extractive", "embedding", "classifier"] = "generative"
    licence: str | None = None
    training_data: str | None = Field(default=None, description="The supplier's statement, or where it is")
    modalities: tuple[Literal["text", "image", "audio", "video"], ...] = ("text",)
    languages: tuple[str, ...] = ()
    availability: str | None = Field(default=None, description="What the supplier promises, such as 99.9 % a month")
    deprecation_date: date | None = None
    evaluations: tuple[Evaluation, ...] = ()
    limits: tuple[str, ...] = Field(default=(), description="What it is not for, and known faults")
    source: str | None = Field(default=None, description="Where the card was imported from")
    revision: str | None = Field(default=None, description="Commit or version there that the card describes: the pin")
    base_models: tuple[str, ...] = Field(default=(), description="What it was made from")
    description: str | None = None


class AttestationPolicy(Part):
    """Before restricted text goes out, the far side proves what runs there (AWS Nitro Enclaves attestation document)."""

    kind: Literal["aws-nitro"] = "aws-nitro"
    url: str = Field(description="Where a document for a nonce is asked for")
    pcrs: dict[str, tuple[str, ...]] = Field(description="Allowed values, in hexadecimal, by number: `0`, `1`, `2`, `8` …")
    max_age_s: int = Field(default=300, ge=1, le=3600)


class ModelBody(Part):
    """A model that may be called. `price` none: of a `price` entry, else looked up by `genai_prices`; unknown there: refused."""

    provider: Provider
    provider_model: str = Field(description="The provider's name of it: a dated or hashed one is a pin, an alias is none")
    provider_name: str = "local"
    base_url: str | None = None
    api_key_environment: str | None = Field(default=None, description="Name of the environment variable that holds the key")
    context_tokens: int = Field(default=8192, ge=1)
    max_output_tokens: int = Field(default=512, ge=1)
    timeout_s: float = Field(default=30.0, gt=0)
    max_attempts: int = Field(default=3, ge=1, le=10)
    price: ModelPrice | None = None
    region: str | None = Field(default=None, description="Where it runs, such as eu-west-2; `local` for the operator's own machines")
    clearance: Sensitivity = Field(default="internal", description="The most sensitive text that it may see")
    stream: bool = Field(default=False, description="Asked for piece by piece, so that a silent provider is noticed early")
    options: dict[str, str] = Field(default_factory=dict, description="Of the provider's wire: `api_version`, `deployment`, …")
    attestation: AttestationPolicy | None = None
    card: ModelCard | None = None
