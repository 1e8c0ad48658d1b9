"""Builds the registry and runs it."""

from chancery_runtime import Application, run_service

from chancery_registry.settings import RegistrySettings


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, RegistrySettings)
    await app.database(schema="registry", package="chancery_registry")


def main() -> None:
    """Blocks until a signal."""
    run_service("registry", RegistrySettings(), build)
