"""One owner per home folder; a lock left by a dead process is recognised and taken over."""

from __future__ import annotations

import json
import os
from pathlib import Path

from chancery_local.errors import HomeBusyError
from chancery_local.exclusive import exclusive
from chancery_local.processes import identity
from chancery_local.progress import Progress, silent


class HomeLock:
    """The lock of a home folder: a file with the owner's process id and that process's identity."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / "owner.lock"

    def owner(self) -> int | None:
        """The process that owns the home, or None when nobody alive does."""
        recorded = self._read()
        if recorded is None:
            return None
        pid, who = recorded
        return pid if identity(pid) == who else None

    def acquire(self, progress: Progress = silent) -> None:
        """Become the owner. Raises HomeBusyError when a live process is it."""
        with exclusive(self._home / "owner.guard"):
            owner = self.owner()
            if owner is not None:
                raise HomeBusyError(
                    f"{self._home} is in use by process {owner}. Use the running stack, stop it with `chancery down`, "
                    "or choose another folder with CHANCERY_HOME."
                )
            stale = self._read()
            if stale is not None:
                progress(f"taking over {self._home} from process {stale[0]}, which is gone")
            self._write()

    def release(self) -> None:
        """Give the home up, if it is ours."""
        with exclusive(self._home / "owner.guard"):
            recorded = self._read()
            if recorded is not None and recorded[0] == os.getpid():
                self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps({"pid": os.getpid(), "identity": identity(os.getpid())}), encoding="utf-8")
        partial.replace(self._path)

    def _read(self) -> tuple[int, str] | None:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return int(content["pid"]), str(content["identity"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return (0, "")  # cut off by a full disk: nobody's
