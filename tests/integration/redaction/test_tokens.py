"""From a person to its pseudonyms: over the whole vault of a tenant, and nowhere else does the value appear."""

import httpx
import pytest
import structlog
from chancery_contracts.areas import AuditRead
from chancery_contracts.failures import Retry
from chancery_redaction.adapters import looking_up
from chancery_redaction.adapters.looking_up import PostgresLookUp, subjects_of
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.api import Tell, tokens_router
from chancery_redaction.domain.spellings import Spelling
from chancery_redaction.ports import Scope, Wanted
from chancery_redaction.settings import RedactionSettings
from chancery_runtime.keys import LocalKeyring, new_key
from chancery_runtime.problems import install_problems
from chancery_storage import Database, load_queries
from chancery_testing.clock import FixedClock
from fastapi import FastAPI

TOKEN = {"Authorization": "Bearer operator"}
QUERIES = load_queries("chancery_redaction")
KEYS = LocalKeyring(new_key())
ANN, IBAN = ("PERSON", "Canary Ann Lee"), ("IBAN_CODE", "GB29 NWBK 6016 1331 9268 19")


class Service:
    """The route over a real vault."""

    def __init__(self, database, http, published):
        self.database, self.http, self.published = database, http, published
        self.refuses = False

    async def mask(self, tenant, scope, *values):
        async with self.database.transaction() as connection:
            return await PostgresVault(connection, QUERIES, KEYS).tokens(Scope(tenant, scope), [Wanted(*value) for value in values])

    async def ask(self, tenant, value, **more):
        response = await self.http.post("/v1/vault/tokens", json={"tenant": tenant, "value": value} | more, headers=TOKEN)
        assert response.status_code == 200, response.text
        return response.json()

    async def found(self, tenant, value, **more):
        return [(one["scope"], one["token"]) for one in (await self.ask(tenant, value, **more))["tokens"]]


@pytest.fixture
async def service(database_url, request):
    database = await Database.open(database_url, schema="redaction_tokens")
    await database.migrate("chancery_redaction")
    published = []

    async def publish(event):
        if one.refuses:
            raise Retry("Kafka is down")
        published.append(event)

    settings = RedactionSettings(kafka_bootstrap="none", database_url=database_url, http_port=1, operator_token="operator")
    app = FastAPI()
    install_problems(app)
    app.include_router(tokens_router(settings, PostgresLookUp(database, QUERIES, KEYS), Tell(publish, FixedClock())))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://redaction") as http:
        one = Service(database, http, published)
        yield one
    await database.close()


async def test_a_person_is_found_in_each_matter_under_the_token_that_it_has_there(service):
    here = await service.mask("two-matters", "matter:a", ANN, IBAN)
    there = await service.mask("two-matters", "conversation:b", ANN)
    await service.mask("two-matters", "matter:c", ("PERSON", "Someone Else"))
    assert await service.found("two-matters", "Canary Ann Lee") == [("conversation:b", there[ANN]), ("matter:a", here[ANN])]
    assert await service.found("two-matters", "CANARY  ann lee", matter="a") == [("matter:a", here[ANN])]
    assert await service.found("two-matters", "gb29nwbk60161331926819", entity_type="IBAN_CODE") == [("matter:a", here[IBAN])]
    assert await service.found("two-matters", "Canary Ann Lee", entity_type="IBAN_CODE") == []


async def test_other_spellings_and_mentions_are_found_with_the_value(service):
    shout = Spelling("exact", "CANARY ANN LEE").stored
    wanted = [Wanted(*ANN), Wanted("PERSON", shout, of="CANARY ANN LEE"), Wanted("PERSON", "Lee", of=ANN[1]), Wanted("PERSON", "Somebody")]
    async with service.database.transaction() as connection:
        tokens = await PostgresVault(connection, QUERIES, KEYS).tokens(Scope("spelled", "matter:a"), wanted)
    mine = {token for (_, text), token in tokens.items() if text != "Somebody"}
    assert (len(mine), {token for _, token in await service.found("spelled", ANN[1])}) == (3, mine)


async def test_no_tenant_finds_another_ones(service):
    await service.mask("mine", "matter:a", ANN)
    assert await service.found("yours", ANN[1]) == []


async def test_somebody_whose_key_was_destroyed_has_no_token_any_more(service):
    tokens = await service.mask("forgetful", "matter:a", ANN)
    (ann,) = await subjects_of(service.database, QUERIES, KEYS, "forgetful", [ANN[1]])
    assert ann.tokens == (tokens[ANN],)
    async with service.database.transaction() as connection:
        assert await PostgresVault(connection, QUERIES, KEYS).forget(Scope("forgetful", ann.scope), [ann.subject]) == 1
    assert await service.found("forgetful", ANN[1]) == []


async def test_pages_cover_every_scope_once(service, monkeypatch):
    monkeypatch.setattr(looking_up, "SCOPES", 3)
    for number in range(10):
        await service.mask("paged", f"conversation:{number}", ANN if number % 2 else ("PERSON", "Someone Else"))
    found, after, pages = [], "", 0
    while after is not None:
        page = await service.ask("paged", ANN[1], after=after)
        found += [one["scope"] for one in page["tokens"]]
        after, pages = page["next"], pages + 1
    assert (found, pages) == ([f"conversation:{number}" for number in range(1, 10, 2)], 4)


async def test_that_somebody_was_looked_for_is_on_record_and_not_who(service):
    await service.mask("recorded", "matter:a", ANN)
    with structlog.testing.capture_logs() as logs:
        await service.found("recorded", ANN[1], matter="a")
    (read,) = service.published
    assert read.data == AuditRead(reader="operator", query={"tenant": "recorded", "matter": "a", "query": "tokens"}, rows=1)
    assert "Canary" not in f"{read}{logs}"


async def test_what_cannot_be_put_on_record_is_not_answered(service):
    await service.mask("unrecorded", "matter:a", ANN)
    service.refuses = True
    response = await service.http.post("/v1/vault/tokens", json={"tenant": "unrecorded", "value": ANN[1]}, headers=TOKEN)
    assert (response.status_code, "PERSON_" in response.text) == (503, False)


@pytest.mark.parametrize(
    "body",
    [
        {"value": "Canary"}, {"tenant": "t"}, {"tenant": "t", "value": ""}, {"tenant": "t", "value": "Canary" * 100},
        {"tenant": "T!", "value": "Canary"}, {"tenant": "t", "value": "Canary", "matter": "a b"}, {"tenant": "t", "value": ["Canary"]},
        {"tenant": "t", "value": "Canary", "entity_type": "person"}, {"tenant": "t", "value": "Canary", "name": "x"},
        {"tenant": "t", "value": "Canary", "after": "a\x00b"},
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_a_problem_without_the_value(service, body):
    response = await service.http.post("/v1/vault/tokens", json=body, headers=TOKEN)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert "Canary" not in response.text
    assert service.published == []


async def test_nobody_asks_without_the_operators_token(service):
    response = await service.http.post("/v1/vault/tokens", json={"tenant": "t", "value": "Canary"})
    assert response.status_code == 401
