"""Prompts."""

from chancery_contracts.base import Part


class PromptBody(Part):
    """Templates with `{question}`, `{passages}` and `{history}`."""

    system: str
    user: str
