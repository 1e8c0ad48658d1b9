"""API keys: `chk_<id>_<secret>`. The id finds the record; of the secret only its SHA-256 is kept.

256 random bits need neither salt nor stretching: nobody guesses them.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

_FORMAT = re.compile(r"chk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it was presented, or has just been made. Its text is shown once and kept nowhere."""

    id: str
    secret: str

    @property
    def text(self) -> str:
        """What its holder keeps."""
        return f"chk_{self.id}_{self.secret}"

    @property
    def digest(self) -> bytes:
        """What the service keeps."""
        return sha256(self.secret.encode()).digest()

    def fits(self, digest: bytes) -> bool:
        """In constant time."""
        return hmac.compare_digest(self.digest, digest)

    def __repr__(self) -> str:
        """Without the secret: a key in a log is a key lost."""
        return f"ApiKey({self.id})"


def new_api_key() -> ApiKey:
    """A fresh one."""
    return ApiKey(secrets.token_hex(8), secrets.token_urlsafe(32))


def read_api_key(text: str) -> ApiKey | None:
    """The key in a bearer's token; None where it is something else."""
    found = _FORMAT.fullmatch(text)
    return ApiKey(found[1], found[2]) if found else None
