"""Where an entry comes from: its path, and the commit where the folder is in git."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Repository:
    """A working tree at a commit."""

    root: Path
    commit: str
    changed: frozenset[str]
    """Paths that differ from the commit, or are not in it: folders end in `/`."""

    def origin(self, path: Path) -> str:
        """`prompts/answer.yaml@1f0c…`; what is not committed says so. No address of a repository: it may hold a password."""
        inside = path.resolve().relative_to(self.root).as_posix()
        return f"{inside} (not committed)" if self._differs(inside) else f"{inside}@{self.commit}"

    def _differs(self, path: str) -> bool:
        return any(path == one or (one.endswith("/") and path.startswith(one)) for one in self.changed)


def repository(folder: Path) -> Repository | None:
    """The working tree that the folder is in; none without git, or before the first commit."""
    root, commit = _git(folder, "rev-parse", "--show-toplevel"), _git(folder, "rev-parse", "HEAD")
    if not root or not commit:
        return None
    status = _git(folder, "status", "--porcelain", "-z", "--no-renames", "--ignored") or ""
    return Repository(Path(root.strip()).resolve(), commit.strip(), frozenset(line[3:] for line in status.split("\0") if line))


def _git(folder: Path, *words: str) -> str | None:
    try:
        ran = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout if ran.returncode == 0 else None
