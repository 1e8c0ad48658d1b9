"""Composition root of generation."""

import os
from datetime import timedelta

import httpx
from chancery_contracts.event import Clock
from chancery_runtime import Application, run_service
from chancery_runtime.subject_journals import JournalStore
from chancery_runtime.subject_service import answer_orders
from chancery_storage import Journal

from chancery_generation.adapters.calls import PostgresCalls
from chancery_generation.adapters.housekeeping import Housekeeping
from chancery_generation.adapters.metering import PrometheusMeter, watch_circuits
from chancery_generation.adapters.pacing import RealPacing
from chancery_generation.adapters.providers.exchange import ExchangeLimits
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.suppliers import suppliers, wires
from chancery_generation.adapters.subject_answers import SubjectAnswers
from chancery_generation.consumers import stage
from chancery_generation.domain.extractive.model import ExtractiveModel
from chancery_generation.domain.retrying import Backoff
from chancery_generation.domain.standing import Standings
from chancery_generation.handlers import STAGE
from chancery_generation.ports import Model, Ports
from chancery_generation.settings import GenerationSettings

PACKAGE = "chancery_generation"


async def build(application: Application, settings: GenerationSettings, secrets: Secrets) -> None:
    """Wires the service."""
    database = await application.database(schema=STAGE, package=PACKAGE)
    catalogue = await application.catalogue()
    client = http_client(settings)
    application.on_close(client.aclose)
    calls, pacing, standings = PostgresCalls(database), RealPacing(), Standings()
    watch_circuits(standings, pacing)
    ports = Ports(
        catalogue=catalogue,
        calls=calls,
        models=models(client, secrets, application.clock, settings),
        pacing=pacing,
        clock=application.clock,
        meter=PrometheusMeter(),
        backoff=Backoff(settings.generation_backoff_first_s, settings.generation_backoff_cap_s),
        standings=standings,
    )
    application.stage(stage(database, ports, settings.generation_max_in_flight))
    await answer_orders(application, STAGE, database, (SubjectAnswers(database), JournalStore(database)))
    keep = timedelta(days=settings.generation_calls_kept_days)
    application.background("housekeeping", Housekeeping(calls, Journal(database, STAGE), application.clock, keep).run)


def models(client: httpx.AsyncClient, secrets: Secrets, clock: Clock, settings: GenerationSettings) -> dict[str, Model]:
    """An adapter for each provider, as `ModelBody.provider` names it."""
    limits = ExchangeLimits(settings.generation_max_response_bytes, settings.generation_stream_idle_s)
    return {"extractive": ExtractiveModel(), **suppliers(client, wires(secrets, clock), clock, limits)}


def http_client(settings: GenerationSettings) -> httpx.AsyncClient:
    """No redirects. The deadline of a call bounds reading, so only connecting has a time-out of its own."""
    timeout = httpx.Timeout(None, connect=settings.generation_connect_timeout_s)
    return httpx.AsyncClient(timeout=timeout, limits=httpx.Limits(max_connections=settings.generation_max_in_flight))


def main() -> None:
    """Runs until it is told to stop."""
    settings = GenerationSettings()
    secrets = Secrets.of(os.environ)
    run_service(STAGE, settings, lambda application: build(application, settings, secrets))
