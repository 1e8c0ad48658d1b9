"""What a fresh stack needs before its services start: topics, API keys, the registry's entries."""

import os
from importlib.resources import files
from pathlib import Path

from chancery_bus import KafkaAddress, ensure_topics, topic_specs

from chancery_cli.registry_files import ensure_api_keys, publish_entries, read_entries, tenants_of

SAMPLES = Path(str(files("chancery_cli").joinpath("samples")))
"""The samples that ship with the product."""


async def provision(address: KafkaAddress, folder: Path) -> tuple[int, int]:
    """How many topics were made and how many registry entries were published. `CHANCERY_REGISTRY_PATH` names other entries."""
    source = Path(os.environ.get("CHANCERY_REGISTRY_PATH", SAMPLES / "registry"))
    tenants = tenants_of(read_entries([source], {}))
    keys = ensure_api_keys(folder / "api-keys.json", tenants)
    made = await ensure_topics(address.bootstrap, topic_specs(tenants))
    published = await publish_entries(address, read_entries([source], keys))
    return len(made), published
