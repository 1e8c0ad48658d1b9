"""Settings of validation; read once, in `main`."""

from chancery_runtime import ServiceSettings


class ValidationSettings(ServiceSettings):
    """Nothing of its own: what validation demands is set by use case, in the registry."""

    http_port: int = 8006
