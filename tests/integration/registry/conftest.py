"""The registry over real Kafka and PostgreSQL: one instance or several over one schema, called by HTTP without a socket."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from chancery_bus import KafkaAddress, Publisher, ensure_topics, topic_specs
from chancery_registry import main as registry
from chancery_registry.adapters.rebuilding import Rebuilding
from chancery_registry.settings import RegistrySettings
from chancery_runtime.principals import Principal
from chancery_storage import Database, load_queries
from integration.registry.instances import Instance, running

QUERIES = load_queries("chancery_registry")


@dataclass
class Registry:
    """Several instances, and the means to look behind them."""

    instances: list[Instance]
    database: Database
    publisher: Publisher
    address: KafkaAddress
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    tenant: str = field(default_factory=lambda: f"t-{uuid4().hex[:8]}")

    async def call(self, method: str, path: str, who: str = "ann", *, instance: int = 0, **sent: Any) -> httpx.Response:
        """By a key's name: `ann`, an author; `bob` and `cy` approve; `ops` operates."""
        headers = {"Authorization": f"Bearer {who}"} | sent.pop("headers", {})
        params = {"tenant": self.tenant} | sent.pop("params", {})
        return await self.instances[instance].http.request(method, f"/v1/registry{path}", headers=headers, params=params, **sent)

    async def done(self, method: str, path: str, who: str = "ann", **sent: Any) -> dict[str, Any]:
        """What must go well."""
        response = await self.call(method, path, who, **sent)
        assert response.status_code in {200, 201}, response.text
        return dict(response.json())

    async def approved(self, path: str, body: dict[str, Any], approvers: dict[str, str] | None = None) -> int:
        """A version that went through review."""
        version = (await self.done("POST", f"{path}/versions", json={"body": body}))["version"]
        await self.done("POST", f"{path}/versions/{version}/review-requests", json={})
        for who in approvers or ("bob",):
            await self.done("POST", f"{path}/versions/{version}/reviews", who, json={"decision": "approve"})
        return int(version)

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Behind the service's back."""
        async with self.database.statement() as connection:
            return [dict(row) for row in await connection.fetch(query, *arguments)]

    async def digest(self) -> str:
        """Of the projection."""
        async with self.database.transaction() as connection:
            return await Rebuilding(self.database, QUERIES, self.address).digest(connection)

    async def caught_up(self) -> None:
        """Every instance."""
        for one in self.instances:
            await one.follower.catch_up()


async def knows(text: str) -> Principal | None:
    """Keys by name: what audit would say of them."""
    name, _, tenants = text.partition("@")
    roles = {
        "ann": {"author"}, "bob": {"prompt_owner", "model_risk", "compliance", "finance"}, "cy": {"compliance", "prompt_owner"},
        "ops": {"operator"}, "both": {"author", "prompt_owner", "operator"},
    }  # fmt: skip
    if name not in roles:
        return None
    allowed = frozenset(tenants.split(",")) if tenants else None
    return Principal(f"{name}/0123456789abcdef", "elsewhere", allowed, registry_roles=frozenset(roles[name]))


@pytest.fixture(scope="module")
async def registry_topics(kafka_bootstrap: str) -> KafkaAddress:
    await ensure_topics(kafka_bootstrap, topic_specs([]))
    return KafkaAddress(kafka_bootstrap, client_id="test-registry")


@asynccontextmanager
async def several(count: int, address: KafkaAddress, url: str) -> AsyncIterator[Registry]:
    async with AsyncExitStack() as stack:
        settings = RegistrySettings(
            kafka_bootstrap=address.bootstrap, database_url=url, http_port=1, environment="development", operator_token="operator",
            registry_lead_s=0, registry_deadline_s=60,
        )  # fmt: skip
        instances = [await stack.enter_async_context(running(settings, knows)) for _ in range(count)]
        database = await Database.open(url, schema=registry.SCHEMA, max_size=4)
        stack.push_async_callback(database.close)
        publisher = await Publisher.start(address)
        stack.push_async_callback(publisher.close)
        yield Registry(instances, database, publisher, address, stack)


@pytest.fixture(scope="module")
async def two(registry_topics: KafkaAddress, database_url: str) -> AsyncIterator[Registry]:
    async with several(2, registry_topics, database_url) as one:
        yield one


@pytest.fixture
def desk(two: Registry) -> Registry:
    """Two instances over one projection; a tenant of the test's own."""
    two.tenant = f"t-{uuid4().hex[:8]}"
    return two
