"""Prompt templates: checked before they are approved, rendered strictly, counted in tokens. Pure."""

from chancery_prompting.checking import problems
from chancery_prompting.composing import Composed, compose
from chancery_prompting.errors import CompositionRefused, InputRefused, PromptingError, SchemaRefused, TemplateRefused
from chancery_prompting.rendering import Rendered, render
from chancery_prompting.values import Asked, ShownPassage, Turn

__all__ = [
    "Asked",
    "Composed",
    "CompositionRefused",
    "InputRefused",
    "PromptingError",
    "Rendered",
    "SchemaRefused",
    "ShownPassage",
    "TemplateRefused",
    "Turn",
    "compose",
    "problems",
    "render",
]
