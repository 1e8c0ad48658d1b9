"""Builds the windowed tables and serves them: `python -m chancery_cost.windows`, a process of its own."""

from datetime import timedelta
from typing import Annotated

from chancery_bus import ensure_topics
from chancery_bus.admin import topic_specs
from chancery_contracts.identifiers import TENANT_PATTERN
from chancery_runtime import Application, run_service
from chancery_runtime.access import require_operator
from fastapi import APIRouter, Depends, Query

from chancery_cost.adapters.spend_windows import SOURCES, SpendWindows, changelogs
from chancery_cost.settings import WindowSettings


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, WindowSettings)
    await _declare_topics(settings)
    windows = SpendWindows(settings.kafka_bootstrap, settings.namespace, settings.home / "cost-windows", app.clock)
    app.background("windows", windows.run)
    app.probe("windows", windows.ping)
    app.on_close(windows.stop)
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_operator(settings))])

    @routes.get("/windows")
    async def by_minute(
        tenant: Annotated[str, Query(pattern=TENANT_PATTERN)], minutes: Annotated[int, Query(ge=1, le=1440)] = 10
    ) -> dict[str, dict[str, int]]:
        """Requests, refusals and spend a minute, by the broker's clock; minutes without any are left out."""
        rows: dict[str, dict[str, int]] = {}
        for cell in windows.cells(tenant, app.clock() - timedelta(minutes=minutes)):
            rows.setdefault(cell.minute.isoformat(), dict.fromkeys(SOURCES, 0))[cell.measure] = cell.value
        return rows

    app.http.include_router(routes)


async def _declare_topics(settings: WindowSettings) -> None:
    """Faust waits silently for a topic that does not exist."""
    wanted = {topic.full_name(None, settings.namespace) for topic in SOURCES.values()}
    sources = [one for one in topic_specs([], settings.namespace) if one.name in wanted]
    await ensure_topics(
        settings.kafka_bootstrap, [*sources, *changelogs(settings.namespace)], replication=settings.cost_windows_replication
    )


def main() -> None:
    """Blocks until a signal."""
    run_service("cost-windows", WindowSettings(), build)


if __name__ == "__main__":
    main()
