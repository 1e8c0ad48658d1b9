"""Settings of the gateway, from the environment."""

from chancery_runtime import ServiceSettings


class GatewaySettings(ServiceSettings):
    """`CHANCERY_GATEWAY_…`."""

    gateway_max_concurrent: int = 256
    """Requests being accepted at once; more are answered 503."""
    gateway_max_streams: int = 200
    """Open streams of progress; more are answered 503."""
    gateway_wait_s: float = 60.0
    """How long a chat completion waits for its interaction's end."""
    gateway_grace_s: float = 1.0
    """How long a stream holds back a step that overtook another."""
