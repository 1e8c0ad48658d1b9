"""Patterns that a tenant may add: in RE2, whose time is linear in the text, whoever wrote the pattern."""

from typing import Any

ENTITY_TYPE = r"^[A-Z][A-Z_]{1,40}$"
"""What a pseudonym can be named after."""
PROGRAM_BYTES = 1 << 14
"""A pattern whose program takes more than its share of this is refused: its time is linear in the text, but in the pattern, too."""
RUN_BYTES = 1 << 23
"""To run in: with less, RE2 forgets states that it needs again."""


def compiled(regex: str, memory: int = RUN_BYTES) -> Any:
    """The pattern over UTF-8 bytes. Raises ValueError where RE2 does not take it."""
    import re2  # here: services that hold no policy need not load it

    options = re2.Options()
    options.max_mem = memory
    options.log_errors = False
    try:
        return re2.compile(regex.encode(), options)
    except re2.error as exc:
        reason = exc.args[0].decode(errors="replace") if exc.args and isinstance(exc.args[0], bytes) else str(exc)
        raise ValueError(f"RE2 does not take the pattern: {reason}") from exc


def runnable(regex: str) -> str:
    """The same, if it compiles and does not match where nothing is."""
    if compiled(regex, PROGRAM_BYTES).fullmatch(b"") is not None:
        raise ValueError("the pattern matches the empty text: it would find something everywhere")
    return regex


def nameable(name: str) -> str:
    """The same, if there is a letter or digit in it."""
    if not any(char.isalnum() for char in name):
        raise ValueError("a name has a letter or a digit")
    return name
