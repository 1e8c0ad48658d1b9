"""How people name governed things: `prompt/grounded-answer`, one version of it `prompt/grounded-answer@2`; the kind may be left out."""

import re
from dataclasses import dataclass
from typing import get_args

from chancery_contracts.governance import GovernedKind

from chancery_cli.errors import CommandFailed

KINDS: tuple[GovernedKind, ...] = get_args(GovernedKind)
APPLIED: tuple[GovernedKind, ...] = (
    "tenant", "approval_policy", "redaction_policy", "price", "budget", "model", "prompt", "use_case", "experiment",
)  # fmt: skip
"""The order in which kinds are applied: what is referred to comes before what refers to it."""
_FORM = re.compile(r"(?:(?P<kind>[a-z_-]+)/)?(?P<name>[A-Za-z0-9][A-Za-z0-9._:-]*)(?:@(?P<version>[1-9][0-9]{0,8}))?")


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """A governed thing of one tenant."""

    tenant: str
    kind: GovernedKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Named:
    """What somebody typed."""

    name: str
    kind: GovernedKind | None = None
    version: int | None = None


def named(text: str) -> Named:
    """What `text` names. Raises CommandFailed."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise CommandFailed(f"{text!r} names nothing: write KIND/NAME, or KIND/NAME@VERSION, like prompt/grounded-answer@2")
    kind = found["kind"]
    return Named(found["name"], None if kind is None else kind_of(kind), int(found["version"]) if found["version"] else None)


def kind_of(text: str) -> GovernedKind:
    """The kind of that name; `use-case` is `use_case`. Raises CommandFailed."""
    kind = text.replace("-", "_")
    if kind not in KINDS:
        raise CommandFailed(f"there is no kind {text!r}: it is one of {', '.join(KINDS)}")
    return kind
