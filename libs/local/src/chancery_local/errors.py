"""What can go wrong with the embedded stack; each message says what to do next."""

from __future__ import annotations

from pathlib import Path


class LocalStackError(Exception):
    """The embedded stack cannot do what was asked."""


class PinError(LocalStackError):
    """A downloaded file is not the one that was pinned; it was removed, run the command again."""


class DownloadError(LocalStackError):
    """A file could not be fetched; check the network or point CHANCERY_MAVEN_REPOSITORY at a mirror."""


class DiskFullError(LocalStackError):
    """Too little disk space is free; free some, or move the home folder with CHANCERY_HOME."""


class PortTakenError(LocalStackError):
    """A port that was asked for is in use; stop its owner or ask for another port."""


class HomeBusyError(LocalStackError):
    """Another live process owns this home folder; use it, or stop it with `chancery down`."""


class StackFailedError(LocalStackError):
    """The stack did not come up, or gave up; the message holds the last lines of the log concerned."""


class UnknownLogError(LocalStackError):
    """No log of that name exists in this home folder."""


class ChildDiedError(LocalStackError):
    """A server process ended when it should be running; its last log lines are in the message."""

    def __init__(self, name: str, returncode: int | None, log_path: Path, tail: str) -> None:
        self.name = name
        self.log_path = log_path
        how = "did not become ready in time" if returncode is None else f"ended with status {returncode}"
        super().__init__(f"{name} {how}. {explain(tail)}Last lines of {log_path}:\n{tail}")


def explain(tail: str) -> str:
    """A plain sentence for the causes that a log reveals, or an empty string."""
    if "No space left on device" in tail:
        return "The disk is full: free some space, then start again. "
    if "Address already in use" in tail:
        return "Its port was taken by another program: stop that program, then start again. "
    if "Cannot allocate memory" in tail or "OutOfMemoryError" in tail:
        return "The machine is out of memory: close something, then start again. "
    return ""
