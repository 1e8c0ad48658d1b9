"""PostgreSQL refuses to run as root: find or make an unprivileged user, and let it reach its folders."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from chancery_local.errors import LocalStackError
from chancery_local.progress import Progress
from chancery_local.spawn import SystemUser

USER_NAME = "chancery-postgres"
_TRAVERSE = stat.S_IXGRP | stat.S_IXOTH


def server_user(data_dir: Path) -> SystemUser | None:
    """Who PostgreSQL runs as: None for "as we do", else an unprivileged user because we are root.

    An existing data folder keeps its owner; without `useradd`, `nobody` serves.
    """
    if os.geteuid() != 0:
        return None
    if data_dir.exists() and data_dir.stat().st_uid != 0:
        owner = data_dir.stat()
        return SystemUser(uid=owner.st_uid, gid=owner.st_gid)
    entry = _find_or_add()
    return SystemUser(uid=entry.pw_uid, gid=entry.pw_gid)


def _find_or_add() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(USER_NAME)
    except KeyError:
        pass
    command = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if command is not None:
        arguments = [command, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER_NAME]
        subprocess.run(arguments, capture_output=True, check=False)  # a race or a read-only /etc: fall through
    for name in (USER_NAME, "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LocalStackError(f"PostgreSQL must not run as root. Add a user: useradd --system {USER_NAME}")


def let_through(path: Path, progress: Progress) -> None:
    """Make every folder above `path` passable (not readable) for the server's user; says what it changes."""
    for folder in path.absolute().parents:
        mode = folder.stat().st_mode
        if mode & stat.S_IXOTH:
            continue
        progress(f"allowing other users to pass through {folder} (o+x), which PostgreSQL's own user needs")
        try:
            folder.chmod(mode | _TRAVERSE)
        except OSError as exc:
            raise LocalStackError(f"PostgreSQL's user cannot reach {path}: make {folder} passable (chmod o+x).") from exc
