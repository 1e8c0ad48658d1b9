"""Fixtures of cost: its schema in a fresh database, and the service over it."""

import pytest
from chancery_storage import Database
from integration.cost.desk import Cost


@pytest.fixture(scope="module")
async def database(database_url):
    database = await Database.open(database_url, schema="cost", max_size=20)
    await database.migrate("chancery_cost")
    yield database
    await database.close()


@pytest.fixture
def cost(database):
    return Cost(database)
