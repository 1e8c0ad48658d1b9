"""`uv run poe quality [NAME] [--short] [--data DIR]`: measures on benchmark data and keeps the results.

`--short` is for CI: few judgments and few filings; its figures are printed, not kept. Where the data are absent it says so and passes.
"""

import argparse
import importlib
import sys
from pathlib import Path

from chancery_testing.figures import keep, show

HERE = Path(__file__).resolve().parent
NEEDS = {
    "groundedness": ("qags", "financebench"),
    "redaction": ("presidio_synth", "tab144"),
    "extractive": ("financebench",),
    "tables": ("tatqa",),
    "retrieval": ("financebench",),
    "languages": ("banking77", "clinc150", "nlupp_banking", "presidio_synth", "tab144", "financebench"),
    "identifiers": ("financebench",),
    "faq": (),
    "experiments": (),
}
SHORT = {"languages": 500, "redaction": 20, "identifiers": 2_000, "retrieval": 4, "experiments": 20}
"""Texts of each set, filings, identifiers, and simulated experiments in the short form; the others take seconds as they are."""


def main() -> None:
    """Prints one JSON line a figure; says so where the data are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=NEEDS)
    parser.add_argument("--short", action="store_true", help="little of everything, nothing kept")
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data", help="a folder with the layout of shared/data")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    for name in [arguments.name] if arguments.name else NEEDS:
        absent = [folder for folder in NEEDS[name] if not (arguments.data / folder).is_dir()]
        if absent and not arguments.short:
            sys.exit(f"no benchmark data for {name}: {', '.join(absent)} not in {arguments.data}; name their folder with --data")
        if absent:
            print(f"{name}: skipped, no benchmark data: {', '.join(absent)} not in {arguments.data}", file=sys.stderr)
            continue
        measure = importlib.import_module(f"{name}_quality").measure
        if not arguments.short:
            keep(name, measure(arguments.data), HERE / "results")
        else:
            show(measure(arguments.data, SHORT[name]) if name in SHORT else measure(arguments.data))


if __name__ == "__main__":
    main()
