"""What a sealed value and a wrapped key are bound to: moved to another row, they do not open."""

from chancery_redaction.ports import Scope


def value_context(scope: Scope, token: str) -> str:
    """Of a value; and, in rows of before, of the value's own key."""
    return f"vault/{scope.tenant}/{scope.name}/{token}"


def subject_context(scope: Scope, subject: str) -> str:
    """Of a subject's key."""
    return f"subject/{scope.tenant}/{scope.name}/{subject}"
