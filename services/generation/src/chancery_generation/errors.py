"""Errors of generation. None quotes a prompt, an answer or a passage."""

from chancery_contracts.failures import ChanceryError


class Settled(ChanceryError):
    """This event was answered before, and its outputs are stored: publish those."""


class GenerationError(Exception):
    """Base of generation's own errors."""


class PromptError(GenerationError):
    """The prompt cannot be rendered: publish a version that uses only {question}, {passages}, {history} and what it declares."""


class ModelIncomplete(GenerationError):
    """A model's entry lacks what its provider needs, so the model is passed over: publish a version that has it."""


class NoStructuredAnswer(ModelIncomplete):
    """The extractive model answers in sentences: give the use case another model, or a prompt without output schema."""


class NotAttested(GenerationError):
    """What runs at the far end was not proved, so nothing is sent there: the words say which check failed."""


class MissingApiKey(ModelIncomplete):
    """A model names an environment variable for its API key that is not set: set it where the generation service runs."""


class MissingBaseUrl(ModelIncomplete):
    """A model that is not local has no `base_url` (Bedrock: no `region`): publish a version that names one."""


class MissingCredentials(ModelIncomplete):
    """A model on Bedrock names no API key and generation has no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY there."""


class BadOption(ModelIncomplete):
    """An option of a model's entry has a value that its wire cannot take: publish a version without it, or with another."""


class AttestationRefused(NotAttested):
    """What an enclave said of itself is not believed, so nothing was sent: the text is why. Look at the model's `attestation`."""
