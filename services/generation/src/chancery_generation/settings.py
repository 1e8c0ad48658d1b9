"""Settings of generation; read once, in `main`."""

from chancery_runtime import ServiceSettings
from pydantic import Field


class GenerationSettings(ServiceSettings):
    """`CHANCERY_GENERATION_…`. API keys are not here: a model names the variable that holds its key (`…_API_KEY`)."""

    http_port: int = 8005
    generation_max_in_flight: int = Field(default=64, ge=1, le=1024)
    generation_connect_timeout_s: float = Field(default=5.0, gt=0)
    generation_max_response_bytes: int = Field(default=4_194_304, ge=1024)
    generation_stream_idle_s: float = Field(default=20.0, gt=0, description="How long a stream may be silent")
    generation_backoff_first_s: float = Field(default=0.25, gt=0)
    generation_backoff_cap_s: float = Field(default=8.0, gt=0)
    generation_calls_kept_days: int = Field(
        default=8, ge=1, description="Longer than Kafka keeps the authorised topic, so that no redelivery finds a gap"
    )
