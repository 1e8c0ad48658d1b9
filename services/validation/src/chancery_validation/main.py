"""Composition root of validation."""

from chancery_runtime import Application, run_service

from chancery_validation.adapters.metering import PrometheusMeter
from chancery_validation.consumers import stage
from chancery_validation.handlers import STAGE
from chancery_validation.ports import Ports
from chancery_validation.settings import ValidationSettings


async def build(application: Application) -> None:
    """Wires the service."""
    application.stage(stage(Ports(await application.catalogue(), PrometheusMeter())))


def main() -> None:
    """Runs until it is told to stop."""
    run_service(STAGE, ValidationSettings(), build)
