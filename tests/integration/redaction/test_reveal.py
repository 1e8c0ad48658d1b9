"""What stands behind pseudonyms is shown to auditors and officers of the tenant, inside their walls, and on record first."""

import json

import httpx
import pytest
import structlog
from chancery_audit.access_api import access_router
from chancery_audit.adapters.keys import AccessKeys
from chancery_audit.gate import Gate
from chancery_contracts import Origin, decode, encode
from chancery_contracts.failures import Retry
from chancery_contracts.reveals import ValuesRevealed
from chancery_redaction.adapters.revealing import Revealing, TellReveal
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.domain.spellings import Spelling
from chancery_redaction.ports import Scope, Wanted
from chancery_redaction.reveal_api import reveal_router
from chancery_redaction.settings import RedactionSettings
from chancery_runtime.access import by_operator_token
from chancery_runtime.asking_audit import ByAudit
from chancery_runtime.jwks import KeySet
from chancery_runtime.keys import LocalKeyring, new_key
from chancery_runtime.problems import install_problems
from chancery_runtime.tokens import TokenVerifier
from chancery_storage import Database, load_queries
from chancery_testing.clock import FixedClock
from chancery_testing.identity import AUDIENCE, ISSUER, IdentityProvider
from fastapi import FastAPI

QUERIES, KEYS = load_queries("chancery_redaction"), LocalKeyring(new_key())
ANN, BOB = Wanted("PERSON", "Canary Ann Lee"), Wanted("PERSON", "Canary Bob")
ONE = "<PERSON_2222>"
REASON = "Request 7 of the supervisor"


class Desk:
    """The route over a real vault, with keys that a real audit grants."""

    def __init__(self, database, http, audit, provider, published):
        self.database, self.http, self.audit, self.provider, self.published = database, http, audit, provider, published
        self.refuses = False

    async def mask(self, matter, *values, tenant="acme"):
        async with self.database.transaction() as connection:
            found = await PostgresVault(connection, QUERIES, KEYS).tokens(Scope(tenant, f"matter:{matter}"), values)
        return [found[(one.entity_type, one.text)] for one in values]

    async def key(self, role="auditor", **more):
        order = {"name": "reader", "role": role, "tenants": ["acme"]} | more
        response = await self.audit.post("/v1/access", json=order, headers={"Authorization": "Bearer operator"})
        assert response.status_code == 201, response.text
        return response.json()["secret"]

    async def reveal(self, bearer, **body):
        order = {"tenant": "acme", "matter": "a", "reason": REASON} | body
        order = {name: value for name, value in order.items() if value is not None}
        return await self.http.post("/v1/vault/reveal", json=order, headers={"Authorization": f"Bearer {bearer}"} if bearer else {})


@pytest.fixture
async def desk(database_url, tmp_path):
    database = await Database.open(database_url, schema="redaction_reveal")
    await database.migrate("chancery_redaction")
    trail = await Database.open(database_url, schema="audit_reveal")
    await trail.migrate("chancery_audit")
    published, provider = [], IdentityProvider()

    async def publish(event):
        if one.refuses:
            raise Retry("Kafka is down")
        published.append(event)

    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(provider.jwks()))
    settings = RedactionSettings(
        kafka_bootstrap="none", database_url=database_url, http_port=1, operator_token="operator", oidc_issuer=ISSUER,
        oidc_audience=AUDIENCE, oidc_jwks=str(path),
    )  # fmt: skip
    keys = AccessKeys(trail, load_queries("chancery_audit"), FixedClock())
    audit_app, app = FastAPI(), FastAPI()
    for each in (audit_app, app):
        install_problems(each)
    audit_app.include_router(access_router(Gate([by_operator_token(settings), keys.principal], walls_hold=True), keys, FixedClock()))
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(audit_app), base_url="http://audit") as audit,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://redaction") as http,
    ):
        ways = [by_operator_token(settings), ByAudit(audit).principal, TokenVerifier(settings, KeySet(str(path))).principal]
        app.include_router(reveal_router(ways, Revealing(database, QUERIES, KEYS), TellReveal(publish, FixedClock())))
        one = Desk(database, http, audit, provider, published)
        yield one
    async with database.transaction() as connection:
        await connection.execute("TRUNCATE vault, subjects")
    await database.close()
    await trail.close()


async def test_an_auditor_sees_values_and_a_text_and_is_on_record(desk):
    ann, bob = await desk.mask("a", ANN, BOB)
    bearer = await desk.key()
    with structlog.testing.capture_logs() as logs:
        response = await desk.reveal(bearer, tokens=[ann, "<PERSON_2222>", ann])
        text = await desk.reveal(bearer, text=f"{ann} met {bob.lower()} and <ORG_2345>.")
    assert response.json()["values"] == [
        {"token": ann, "state": "revealed", "value": ANN.text}, {"token": "<PERSON_2222>", "state": "unknown", "value": None},
    ]  # fmt: skip
    assert text.json()["text"] == "Canary Ann Lee met Canary Bob and <ORG_2345>."
    first, second = (event.data for event in desk.published)
    assert (first.scope, first.tokens, first.reason) == ("matter:a", (ann,), REASON)
    assert first.reader.startswith("auditor:reader/")
    assert set(second.tokens) == {ann, bob}
    assert {event.matter for event in desk.published} == {"a"}
    assert "Canary" not in f"{desk.published}{logs}"


async def test_the_event_can_be_carried(desk):
    (ann,) = await desk.mask("a", ANN)
    await desk.reveal(await desk.key(), tokens=[ann])
    (event,) = desk.published
    record = encode(event)
    assert (
        decode(record.value, record.headers, Origin(None, 0)).data == event.data == ValuesRevealed.model_validate(event.data.model_dump())
    )


async def test_what_is_erased_is_said_to_be(desk):
    ann, bob = await desk.mask("a", ANN, BOB)
    async with desk.database.transaction() as connection:
        subject = await connection.fetchval("SELECT subject FROM vault WHERE token = $1", ann)
        await PostgresVault(connection, QUERIES, KEYS).forget(Scope("acme", "matter:a"), [subject])
    response = await desk.reveal(await desk.key("officer"), tokens=[ann, bob])
    assert [(one["state"], one["value"]) for one in response.json()["values"]] == [("erased", None), ("revealed", BOB.text)]
    assert desk.published[0].data.erased == (ann,)


async def test_a_value_is_shown_as_people_read_it(desk):
    written = Spelling("escaped", "Canary Ren\\u00e9e", 1)
    (name,) = await desk.mask("a", Wanted("PERSON", written.stored, of=written.plain))
    response = await desk.reveal(await desk.key(), tokens=[name])
    assert response.json()["values"][0]["value"] == "Canary Renée"


@pytest.mark.parametrize(
    ("walls", "status"),
    [
        ({"matters": ["a"]}, 200),
        ({"matters": ["b"]}, 404),
        ({"excepted": ["a"]}, 404),
        ({"excepted": ["b"]}, 200),
        ({"tenants": ["b"]}, 403),
    ],
)
async def test_walls_hold(desk, walls, status):
    (ann,) = await desk.mask("a", ANN)
    response = await desk.reveal(await desk.key(**walls), tokens=[ann])
    assert (response.status_code, "Canary" in response.text) == (status, status == 200)
    assert len(desk.published) == (status == 200)


async def test_a_token_of_another_matter_is_nobody_in_this_one(desk):
    ann, other = *await desk.mask("a", ANN), *await desk.mask("b", ANN)
    bearer = await desk.key()
    assert (await desk.reveal(bearer, tokens=[other])).status_code == 404
    found = await desk.reveal(bearer, tokens=[ann, other])
    assert [one["state"] for one in found.json()["values"]] == ["revealed", "unknown"]
    same = [(await desk.reveal(await desk.key(matters=["b"]), matter=matter, tokens=[ann])).json() for matter in ("a", "nowhere")]
    assert same[0] == same[1]


async def test_who_is_kept_to_matters_sees_nothing_that_names_none(desk):
    response = await desk.reveal(await desk.key(matters=["a"]), matter=None, conversation="c", tokens=["<PERSON_2222>"])
    assert response.status_code == 404


@pytest.mark.parametrize("bearer", ["operator", "operator-key"])
async def test_an_operator_may_not(desk, bearer):
    (ann,) = await desk.mask("a", ANN)
    response = await desk.reveal(await desk.key("operator") if bearer == "operator-key" else bearer, tokens=[ann])
    assert (response.status_code, response.json()["title"], desk.published) == (403, "Not for this role", [])


@pytest.mark.parametrize("bearer", [None, "wrong", f"chk_{'0' * 16}_{'A' * 43}"])
async def test_nobody_unknown_may(desk, bearer):
    response = await desk.reveal(bearer, tokens=["<PERSON_2222>"])
    assert response.status_code == 401


async def test_a_token_of_the_identity_provider_opens_as_far_as_its_claims_go(desk):
    (ann,) = await desk.mask("a", ANN)
    claims = {"chancery_role": "auditor", "chancery_tenants": ["acme"]}
    for matters, status in ((["a"], 200), (["b"], 404)):
        token = desk.provider.token(**claims, chancery_matters=matters)
        assert (await desk.reveal(token, tokens=[ann])).status_code == status
    assert [event.data.reader for event in desk.published] == ["auditor:oidc/u-42"]


async def test_a_revoked_key_is_dead_at_once(desk):
    (ann,) = await desk.mask("a", ANN)
    bearer = await desk.key()
    await desk.audit.post(f"/v1/access/{bearer.split('_')[1]}/revoke", headers={"Authorization": "Bearer operator"})
    assert (await desk.reveal(bearer, tokens=[ann])).status_code == 401


async def test_what_cannot_be_put_on_record_is_not_shown(desk):
    (ann,) = await desk.mask("a", ANN)
    desk.refuses = True
    response = await desk.reveal(await desk.key(), tokens=[ann])
    assert (response.status_code, "Canary" in response.text) == (503, False)


async def test_where_audit_does_not_answer_nobody_comes_in(desk):
    bearer = await desk.key()
    nowhere = ByAudit.at("http://127.0.0.1:9")
    with pytest.raises(Retry):
        await nowhere.principal(bearer)
    await nowhere.close()


@pytest.mark.parametrize(
    "body",
    [
        {}, {"tokens": []}, {"tokens": ["Canary"]}, {"tokens": [ONE], "text": "x"}, {"tokens": [ONE], "matter": None},
        {"tokens": [ONE], "conversation": "c"}, {"tokens": [ONE], "reason": ""}, {"tokens": [ONE] * 2001}, {"tokens": [ONE], "more": 1},
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_a_problem(desk, body):
    response = await desk.reveal(await desk.key(), **body)
    assert (response.status_code, desk.published) == (422, [])
