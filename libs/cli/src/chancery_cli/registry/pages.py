"""How governed things look to people: tables and colours, and words for each change."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH_WITHOUT_TERMINAL = 160
STATES = {"live": "green", "approved": "cyan", "in_review": "yellow", "draft": "yellow", "retired": "dim"}
_ORIGIN_COMMIT = 12
Json = dict[str, Any]


def page() -> Console:
    """The terminal; a pipe is as wide as tables need."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH_WITHOUT_TERMINAL)


def table(*columns: str, title: str | None = None) -> Table:
    """As every table here looks."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title=title, title_justify="left", title_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def state(name: str) -> Text:
    """In its colour."""
    return Text(name.replace("_", " "), style=STATES.get(name, ""))


def title(what: str, of: str, stands: str) -> Text:
    """A page's first line."""
    return Text.assemble((what, "bold"), of, state(stands))


def open_roles(version: Json) -> list[str]:
    """Whose approval a version waits for."""
    waits = version["stage"] == "in_review" and version["state"] != "retired"
    return [role for role in version["roles"] if role not in version["approvals"]] if waits else []


def when(text: str | None) -> str:
    """To the second."""
    return "" if text is None else text[:19].replace("T", " ") + ("Z" if text.endswith(("Z", "+00:00")) else text[-6:])


def origin(text: str | None) -> str:
    """A commit's first digits are enough to find it."""
    path, mark, commit = (text or "").rpartition("@")
    return f"{path}@{commit[:_ORIGIN_COMMIT]}" if mark else commit


def coloured(lines: Sequence[str]) -> Text:
    """A unified difference."""
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return Text("\n").join(Text(line, style=colours.get(line[:1], "")) for line in lines)


def evidence(one: Json) -> str:
    """In a line."""
    verdict = {True: ", passed", False: ", FAILED", None: ""}[one["passed"]]
    proof = f" sha256:{one['sha256'][:12]}…" if one["sha256"] else ""
    return f"{one['form'].replace('_', ' ')} “{one['title']}”{verdict}{proof}" + (f" {origin(one['uri'])}" if one["uri"] else "")


def change(one: Json) -> str:
    """What somebody did, in a line."""
    data, what = one["data"], one["type"].removeprefix("chancery.registry.").removesuffix(".v1")
    version, said = one["version"], data.get("comment") or data.get("reason") or ""
    words = _WORDS[what](version, data) if what in _WORDS else what
    return f"{words}: {said}" if said else words


def _activated(version: int, data: Json) -> str:
    start = f"{data['environment']} from {when(data['effective_from'])}"
    return f"EMERGENCY: rolled back to {version} in {start}" if data["emergency"] else f"put {version} live in {start}"


def _labelled(version: int | None, data: Json) -> str:
    return f"label {data['label']} taken away" if version is None else f"label {data['label']} points to {version}"


def _drafted(version: int, data: Json) -> str:
    return f"drafted {version}" + (f", from {origin(data['origin'])}" if data.get("origin") else "")


def _reviewed(version: int, data: Json) -> str:
    return f"{'approved' if data['decision'] == 'approve' else 'REJECTED'} {version} as {data['role']}"


def _attached(version: int, data: Json) -> str:
    return f"attached to {version}: " + evidence({"passed": None, "sha256": None, "uri": None} | data["evidence"])


_WORDS: dict[str, Callable[[int, Json], str]] = {
    "entry-published": lambda version, data: f"founded {version} by a file, in force from {when(data['effective_from'])}",
    "version-drafted": _drafted,
    "review-requested": lambda version, data: f"asked for review of {version} by {', '.join(data['roles'])}",
    "version-reviewed": _reviewed,
    "evidence-attached": _attached,
    "commented": lambda version, data: f"on {version}" if version else "on the whole",
    "label-moved": _labelled,
    "version-activated": _activated,
    "version-retired": lambda version, data: f"retired {version} from {when(data['effective_from'])}",
}
