"""How a plan, and what became of it, look to people."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from chancery_cli.registry import pages
from chancery_cli.registry.api import Registry
from chancery_cli.registry.applying import Done
from chancery_cli.registry.planning import LIVE, Plan, Planned

_MARKS = {"new": ("+", "green"), "changed": ("~", "yellow"), "unchanged": (" ", "dim")}
MOST_UNMANAGED = 10


def show_plan(plan: Plan, kept: Path | None) -> None:
    """What is new, what changes and how, what is not live yet, what the folder does not have; then in numbers."""
    console = pages.page()
    for item in [one for one in plan.items if one.steps or one.note != LIVE]:
        mark, colour = _MARKS[item.action]
        console.print(Text(f"{mark} {item.thing} of {item.tenant}: {_words(item)}", style=colour))
        if item.difference:
            console.print(pages.coloured([f"    {line}" for line in item.difference if not line.startswith("@@")]), soft_wrap=True)
    if plan.unmanaged:
        more = f" and {len(plan.unmanaged) - MOST_UNMANAGED} more" if len(plan.unmanaged) > MOST_UNMANAGED else ""
        console.print(f"? in the registry alone, and left as they are: {', '.join(plan.unmanaged[:MOST_UNMANAGED])}{more}", style="dim")
    count = Counter(item.action for item in plan.items)
    console.print(
        f"Plan: {count['new']} new, {count['changed']} changed, {count['unchanged']} unchanged; "
        f"{sum(len(one.steps) for one in plan.pending())} steps to apply", style="bold", highlight=False,
    )  # fmt: skip
    if kept is not None:
        console.print(f"To apply exactly this: chancery registry apply --plan {kept}", highlight=False)


def show_done(service: Registry, done: Sequence[Done]) -> None:
    """Where each stands now, and whose word is next."""
    console = pages.page()
    waiting = False
    for one in done:
        thing, version = one.planned.thing, one.planned.version
        if one.failed is not None:
            after = f" after {', '.join(one.steps)}" if one.steps else ""
            console.print(Text(f"✗ {thing}@{version}{after}: {one.failed}", style="red"))
            continue
        detail = service.detail(thing) or {}
        stands = next(each for each in detail["versions"] if each["version"] == version)
        missing = pages.open_roles(stands)
        waiting = waiting or bool(missing)
        words = f"is in review and waits for {', '.join(missing)}" if missing else _stands(one, stands["state"])
        console.print(Text(f"✓ {thing}@{version} {words}", style="green"))
    if waiting:
        console.print("Next: chancery registry approve KIND/NAME@VERSION, by somebody else; then activate.", style="dim", highlight=False)


def _stands(one: Done, state: str) -> str:
    return "goes live in a moment" if "activate" in one.steps and state != "live" else f"is {state.replace('_', ' ')}"


def _words(item: Planned) -> str:
    if item.action == "new":
        return "new, version 1"
    if item.action == "changed":
        return f"version {item.based_on} → {item.version}" + (f"; {item.note}" if item.note else "")
    steps = {"evidence": "attach evidence", "review": "ask for review", "activate": "put live"}
    todo = "; ".join(steps[one] for one in item.steps if one in steps)
    return f"version {item.version}, {item.note}" + (f" → {todo}" if todo else "")
