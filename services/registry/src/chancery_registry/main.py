"""Builds the registry and runs it; `rebuild` makes its projection anew."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from chancery_bus import KafkaAddress
from chancery_contracts.failures import ChanceryError
from chancery_runtime import Application, run_service
from chancery_runtime.entering import ways_in
from chancery_runtime.principals import Way
from chancery_storage import Database, load_queries

from chancery_registry.adapters.commands import Commands
from chancery_registry.adapters.following import Follower, Topic
from chancery_registry.adapters.guarding import Guard, stopping
from chancery_registry.adapters.outcome_figures import OutcomeFigures
from chancery_registry.adapters.outcomes import PostgresOutcomes
from chancery_registry.adapters.projecting import Projection
from chancery_registry.adapters.reading import PostgresReader
from chancery_registry.adapters.rebuilding import Rebuilding, Rebuilt
from chancery_registry.adapters.trial_states import Trials
from chancery_registry.adapters.unit_counting import PostgresUnits
from chancery_registry.api import router
from chancery_registry.commands_api import commands_router
from chancery_registry.consumers import outcomes_stage
from chancery_registry.experiments_api import Experiments, experiments_router
from chancery_registry.gate import Gate
from chancery_registry.metrics_api import metrics_router
from chancery_registry.settings import RegistrySettings

SCHEMA = "registry"


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, RegistrySettings)
    await assemble(app, settings, ways_in(app, settings, settings.audit_url))


async def assemble(app: Application, settings: RegistrySettings, ways: Sequence[Way]) -> Follower:
    """Everything, for whoever comes in by these ways."""
    queries = load_queries("chancery_registry")
    database = await app.database(schema=SCHEMA, package="chancery_registry")
    follower = await _follow(app, Projection(database, queries))
    commands = Commands(follower, app.clock, lead_s=settings.registry_lead_s, deadline_s=settings.registry_deadline_s)
    gate, trials = Gate(ways), Trials(database, queries)
    experiments = Experiments(follower.books.catalogue, trials, app.clock)
    # Before the routes that take any word for a kind.
    app.http.include_router(metrics_router(gate, OutcomeFigures(database, queries)))
    app.http.include_router(experiments_router(gate, experiments, commands))
    app.http.include_router(router(gate, PostgresReader(database, queries), app.clock))
    app.http.include_router(commands_router(gate, commands))
    outcomes = PostgresOutcomes(database, queries)
    app.stage(outcomes_stage(outcomes.prepare, outcomes.write, outcomes.on_unreadable))
    units = PostgresUnits(database, queries, timedelta(seconds=settings.registry_unit_patience_s))
    guard = Guard(follower.books.catalogue, units, trials, stopping(commands), app.clock)
    app.background("guard", partial(guard.run, settings.registry_guard_interval_s))
    return follower


async def _follow(app: Application, projection: Projection) -> Follower:
    topic = await Topic.open(app.kafka)
    app.on_close(topic.close)
    follower = Follower(topic, await app.publisher(), projection)
    await follower.start()
    app.background("projection", follower.run)
    app.probe("projection", follower.ping)
    return follower


async def rebuild(settings: RegistrySettings, *, keep: bool) -> Rebuilt:
    """The projection anew; without `keep`, only compared with what the topic says. Raises ProjectionAhead, Retry."""
    database = await Database.open(settings.database_url.get_secret_value(), schema=SCHEMA, max_size=1)
    try:
        await database.migrate("chancery_registry")
        address = KafkaAddress(settings.kafka_bootstrap, client_id="chancery-registry-rebuild")
        return await Rebuilding(database, load_queries("chancery_registry"), address)(keep=keep)
    finally:
        await database.close()


def main() -> None:
    """Serves until a signal; or rebuilds, and says whether the same came of it (exit status 1 with `--check` where not)."""
    parser = argparse.ArgumentParser(prog="python -m chancery_registry", description=main.__doc__)
    parser.add_argument("command", nargs="?", choices=("serve", "rebuild"), default="serve")
    parser.add_argument("--check", action="store_true", help="rebuild: compare only, and leave what is there")
    given = parser.parse_args()
    if given.command == "serve":
        run_service("registry", RegistrySettings(), build)
        return
    try:
        found = asyncio.run(rebuild(RegistrySettings(), keep=not given.check))
    except ChanceryError as exc:
        sys.exit(f"not rebuilt: {exc or type(exc).__doc__}")
    sys.stdout.write(json.dumps({"place": found.place, "before": found.before, "after": found.after, "same": found.same}) + "\n")
    sys.exit(0 if found.same or not given.check else 1)
