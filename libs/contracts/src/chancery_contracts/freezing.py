"""Writes the published contract to `schemas/`, or checks that it has not changed: `python -m chancery_contracts.freezing`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from chancery_contracts.publication import asyncapi, json_schemas

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def rendered() -> dict[str, str]:
    """Every published file's text, by its path below `schemas/`."""
    files = {f"{name}.json": _json(schema) for name, schema in json_schemas().items()}
    return files | {"asyncapi.yaml": asyncapi_yaml()}


def asyncapi_yaml() -> str:
    """The AsyncAPI document as YAML."""
    return yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=120)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def changed(folder: Path = SCHEMAS) -> list[str]:
    """Names of the files that are missing or differ from what the code would publish."""
    return [name for name, text in rendered().items() if not (folder / name).is_file() or (folder / name).read_text("utf-8") != text]


def main() -> None:
    """Without arguments: check, exit status 1 on a difference."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="publish schemas that are new")
    parser.add_argument("--thaw", action="store_true", help="overwrite published schemas too: only before their first release")
    arguments = parser.parse_args()
    differing = changed()
    if arguments.write:
        SCHEMAS.mkdir(exist_ok=True)
        for name in differing:
            if name.endswith(".json") and (SCHEMAS / name).exists() and not arguments.thaw:
                sys.exit(f"{name} is published: a changed schema is a new version of its type")
            (SCHEMAS / name).write_text(rendered()[name], "utf-8")
    elif differing:
        sys.exit(f"differs from what is published: {', '.join(differing)}")


if __name__ == "__main__":
    main()
