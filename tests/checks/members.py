"""The members of the workspace, from their folders."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def members(root: Path = ROOT) -> list[Path]:
    """Folders of every package."""
    return sorted(path.parent for group in ("libs", "services") for path in (root / group).glob("*/pyproject.toml"))


def package(member: Path) -> str:
    """The import name of a member."""
    return f"chancery_{member.name}"
