"""`uv run poe quality [NAME] [--data DIR]`: measures on benchmark data and keeps the results."""

import argparse
import importlib
import sys
from pathlib import Path

from chancery_testing.figures import keep

HERE = Path(__file__).resolve().parent
NAMES = ("groundedness", "redaction", "extractive", "retrieval")


def main() -> None:
    """Prints one JSON line a figure; says so where the data are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES)
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data", help="a folder with the layout of shared/data")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        sys.exit(f"no benchmark data in {arguments.data}: name their folder with --data")
    sys.path.insert(0, str(HERE))
    for name in [arguments.name] if arguments.name else NAMES:
        keep(name, importlib.import_module(f"{name}_quality").measure(arguments.data), HERE / "results")


if __name__ == "__main__":
    main()
