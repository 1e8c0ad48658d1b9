"""Figures: what `poe bench` and `poe quality` print and keep, one JSON line each."""

import json
import math
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A measured value, what it should reach, and what it is compared with. `better`: which way is good."""

    name: str
    value: float
    unit: str
    target: float | None = None
    better: str = "higher"
    peer: str | None = None

    @property
    def holds(self) -> bool | None:
        """True when the target is met; none where there is none."""
        if self.target is None:
            return None
        return self.value >= self.target if self.better == "higher" else self.value <= self.target

    def as_dict(self) -> dict[str, object]:
        """As printed."""
        line = asdict(self) | {"value": round(self.value, 4), "holds": self.holds}
        return {key: line[key] for key in ("name", "value", "unit", "target", "holds", "peer")}


def machine() -> dict[str, object]:
    """Where a figure was measured."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        "commit": commit,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def show(figures: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Prints the figures, one JSON line each, and returns them. A `ValueError` says which is no figure, or that there is none."""
    shown = [_checked(figure) for figure in figures]
    if not shown:
        raise ValueError("nothing was measured: a benchmark ended without a figure")
    for figure in shown:
        print(json.dumps(figure), flush=True)
    return shown


def _checked(figure: dict[str, object]) -> dict[str, object]:
    value, words = figure.get("value"), (figure.get("name"), figure.get("unit"))
    numeric = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not (numeric and all(isinstance(word, str) and word for word in words) and {"target", "holds"} <= figure.keys()):
        raise ValueError(f"not a figure with name, value, unit, target and holds: {figure}")
    return figure


def keep(group: str, figures: Iterable[dict[str, object]], folder: Path) -> None:
    """Shows the figures and writes them to `<folder>/<group>.json`, with machine and commit."""
    figures = show(figures)
    folder.mkdir(parents=True, exist_ok=True)
    document = {"measured_on": machine(), "figures": figures}
    (folder / f"{group}.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
