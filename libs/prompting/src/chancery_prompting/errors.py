"""Errors of prompts. Their words name what is wrong in the prompt, never what was filled in."""

from chancery_contracts.failures import ChanceryError


class PromptingError(ChanceryError):
    """Base of what can be wrong with a prompt."""


class TemplateRefused(PromptingError):
    """A template uses what it may not: change it as the words say and draft a new version."""


class CompositionRefused(PromptingError):
    """Prompts include each other in a circle, too deeply, or one that is not there: name other versions."""


class SchemaRefused(PromptingError):
    """An output schema or a tool's parameters are no bounded JSON Schema: leave out what the words name."""


class InputRefused(PromptingError):
    """A value does not fit its input. The words are for the requester: they name the input and what it takes."""
