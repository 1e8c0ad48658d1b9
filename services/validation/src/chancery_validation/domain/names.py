"""Names of more than one word, by their capitals."""

import re

_NAME = re.compile(r"\b[A-Z][\w'’&-]*(?:\s+(?:(?:of|the|de|la|von|van|&)\s+){0,2}[A-Z][\w'’&-]*)+")
_BREAK = re.compile(r"['’]s?(?!\w)|\b[A-Z]*\d[\w-]*")
"""`AMD's Gaming` is two names, and a figure is part of none."""
_OPENERS = frozenset(
    """The A An In On At If When While For From To By With Under As After Before Since During Your Our Their His Her Its This That These
    Those Each Every All Any No Some Both You We They It He She I Please Also However Yes And But Or Note Only Where Call Contact Ask See
    Use According Within Over Up""".split()  # noqa: SIM905  # a list of strings would not be read
)


def names(text: str) -> list[str]:
    """Each once, in order. A word that opens a sentence and is no part of a name is taken off; a possessive ends a name."""
    found: dict[str, None] = {}
    for match in _NAME.finditer(_BREAK.sub(" / ", text)):
        parts = match.group().split()
        while parts and (parts[0] in _OPENERS or parts[0][0].islower()):
            parts.pop(0)
        if len(parts) > 1 and not all(part.isupper() and len(part) == 1 for part in parts):
            found[" ".join(parts)] = None
    return list(found)


def opens_sentence(text: str, name: str) -> bool:
    """True where a name stands first, so that its first word may only be capitalised for that."""
    at = text.find(name)
    return at <= 0 or text[:at].rstrip()[-1:] in ".!?:;•\n" or text[:at].endswith("\n")
