"""What providers are told about who calls: API keys by the name of their variable, AWS credentials of the process."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chancery_runtime.keys.sigv4 import Credentials

from chancery_generation.errors import MissingApiKey, MissingCredentials

KEY_VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]*_API_KEY$")
"""Only such variables are given out: a registry entry must not be able to send the service's other secrets anywhere."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Read once from the environment. No entry of the registry can name AWS credentials: they only sign, for the host that is called."""

    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    aws: Credentials | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Secrets":
        """Variables that end in `_API_KEY`, and the three that AWS's own tools read."""
        keys = {name: value for name, value in environment.items() if KEY_VARIABLE.match(name)}
        access, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
        aws = Credentials(access, secret, environment.get("AWS_SESSION_TOKEN") or None) if access and secret else None
        return cls(keys, aws)

    def key(self, variable: str) -> str:
        """Raises MissingApiKey."""
        if KEY_VARIABLE.match(variable) is None:
            raise MissingApiKey("the model's API key must be in a variable whose name ends in _API_KEY")
        try:
            return self.api_keys[variable]
        except KeyError as exc:
            raise MissingApiKey(f"the variable {variable} is not set") from exc

    def bearer(self, variable: str | None) -> dict[str, str]:
        """The header that most providers want; none for a model that names no variable. Raises MissingApiKey."""
        return {} if variable is None else {"Authorization": f"Bearer {self.key(variable)}"}

    def credentials(self) -> Credentials:
        """Raises MissingCredentials."""
        if self.aws is None:
            raise MissingCredentials("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and the model names no API key")
        return self.aws
