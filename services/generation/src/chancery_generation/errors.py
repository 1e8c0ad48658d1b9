"""Errors of generation. None quotes a prompt, an answer or a passage."""


class GenerationError(Exception):
    """Base of generation's own errors."""


class PromptError(GenerationError):
    """The prompt cannot be rendered: publish a version that uses only {question}, {passages}, {history} and what it declares."""


class NoStructuredAnswer(GenerationError):
    """The extractive model answers in sentences: give the use case another model, or a prompt without output schema."""


class MissingApiKey(GenerationError):
    """A model names an environment variable for its API key that is not set: set it where the generation service runs."""


class MissingBaseUrl(GenerationError):
    """A model that is not local has no `base_url` (Bedrock: no `region`): publish a version that names one."""


class MissingCredentials(GenerationError):
    """A model on Bedrock names no API key and generation has no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY there."""


class BadOption(GenerationError):
    """An option of a model's entry has a value that its wire cannot take: publish a version without it, or with another."""


class AttestationRefused(GenerationError):
    """What an enclave said of itself is not believed, so nothing was sent: the text is why. Look at the model's `attestation`."""
