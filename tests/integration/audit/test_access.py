"""Who may do what: each role on each route, keys, and tokens of an identity provider."""

import io
import json
import time
import zipfile

import jwt
import pytest
from chancery_audit.domain.alerts import Alert, Finding
from chancery_contracts.access import AccessGranted, AccessRevoked
from chancery_contracts.areas import AuditRead
from chancery_contracts.catalogue import SHARED
from chancery_contracts.topics import ACCESS
from chancery_storage.journal import load_events
from chancery_testing import builders
from chancery_testing.identity import IdentityProvider
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.routing import APIRoute

OPERATOR = {"Authorization": "Bearer operator"}
ROLES = ("auditor", "officer", "operator", "token")
"""The last one: whoever bears the operator token."""
MAY = {
    # method and path: who may
    "GET /v1/interactions/{interaction}": "auditor officer operator token",
    "GET /v1/entries": "auditor officer operator token",
    "GET /v1/reads": "auditor officer",
    "GET /v1/verify": "auditor officer operator token",
    "GET /v1/completeness": "auditor officer operator token",
    "GET /v1/alerts": "auditor officer operator token",
    "GET /v1/interactions": "auditor officer",
    "GET /v1/live": "auditor officer",
    "GET /v1/export": "auditor officer",
    "GET /v1/log/{tenant}/key": "auditor officer operator token",
    "GET /v1/log/{tenant}/anchors": "auditor officer operator token",
    "GET /v1/log/{tenant}/checkpoint": "auditor officer operator token",
    "GET /v1/log/{tenant}/tile/{path:path}": "auditor officer operator token",
    "GET /v1/log/{tenant}/receipts/{seq}": "auditor officer operator token",
    "GET /v1/holds": "auditor officer",
    "GET /v1/holds/{hold}": "auditor officer",
    "GET /v1/erasures": "auditor officer",
    "GET /v1/erasures/{request}": "auditor officer",
    "POST /v1/holds": "officer",
    "POST /v1/holds/{hold}/release": "officer",
    "POST /v1/erasures": "officer",
    "POST /v1/subjects/orders": "officer",
    "GET /v1/subjects/orders": "auditor officer",
    "GET /v1/subjects/orders/{order}": "auditor officer",
    "GET /v1/subjects/orders/{order}/export": "officer",
    "GET /v1/access/self": "auditor officer operator token",
    "GET /v1/access": "token",
    "POST /v1/access": "token",
    "POST /v1/access/{key}/revoke": "token",
    "POST /v1/keys/status": "token",
    "POST /v1/keys/rotate": "token",
    "POST /v1/keys/rewrap": "token",
    "POST /v1/keys/destroy-old": "token",
}
OF_NO_TENANT = {"GET /v1/access/self", "GET /v1/access", "POST /v1/access", "POST /v1/access/{key}/revoke"}
STRICT = "GET /v1/interactions"
"""Takes no filter that it does not know."""
PLACES = {"interaction": "i-1", "hold": "h-1", "request": "r-1", "seq": "0", "path:path": "0/000.p/1", "key": "no-such-key", "order": "o-1"}
WORDS = {
    "POST /v1/holds": {"matter": "m-1", "reason": "x"},
    "POST /v1/holds/{hold}/release": {"reason": "x"},
    "POST /v1/erasures": {"subject": {"kind": "matter", "name": "m-1"}, "reason": "x", "legal_ground": "x"},
    "POST /v1/subjects/orders": {"purpose": "find", "values": ["Canary"], "reason": "x"},
    "POST /v1/access": {"name": "n", "role": "auditor"},
}
REFUSED = {401, 403}


async def _call(audit, route, headers, tenant):
    """Every route with what it needs to be let through to its work."""
    method, _, path = route.partition(" ")
    for name, value in (PLACES | {"tenant": tenant}).items():
        path = path.replace("{" + name + "}", value)
    params = {"tenant": tenant} | ({} if route == STRICT else {"at": "2026-11-24T00:00:00Z", "interaction": "i-1"})
    if method == "POST":
        return await audit.http.post(path, json={"tenant": tenant, **WORDS.get(route, {})}, headers=headers)
    return await audit.http.get(path, params={} if route in OF_NO_TENANT else params, headers=headers)


@pytest.fixture
async def keys(audit, tenant):
    """Headers by role, all of one tenant."""
    await audit.take(builders.requested(tenant=tenant, id="i-1", interaction="i-1"))
    await audit.checkpoints.publish_moved()
    made = {role: await audit.grant(role=role, tenants=[tenant]) for role in ROLES[:3]}
    return made | {"token": OPERATOR}


def test_every_route_is_in_the_table(audit):
    """`/health` and `/metrics` are the runtime's own."""
    routes = [route for router in audit.routers for route in router.routes]
    assert all(isinstance(route, APIRoute) for route in routes)
    assert {f"{method} {route.path}" for route in routes for method in route.methods} == set(MAY)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", MAY)
async def test_a_role_gets_through_where_it_may_and_nowhere_else(audit, tenant, keys, route, role):
    response = await _call(audit, route, keys[role], tenant)
    if role in MAY[route].split():
        assert response.status_code not in REFUSED, response.text
    else:
        assert (response.status_code, response.json()["title"]) == (403, "Not for this role")


@pytest.mark.parametrize("route", MAY)
async def test_nobody_gets_through_without_a_key(audit, tenant, keys, route):
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer chk_{'0' * 16}_{'A' * 43}"}):
        response = await _call(audit, route, headers, tenant)
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("elsewhere", ["exists", "does-not-exist"])
@pytest.mark.parametrize(
    ("route", "role"), [(route, role) for route in MAY if route not in OF_NO_TENANT for role in ROLES[:3] if role in MAY[route].split()]
)
async def test_one_tenants_key_opens_no_other_tenants_trail(audit, keys, route, role, elsewhere):
    if elsewhere == "exists":
        await audit.take(builders.requested(tenant=elsewhere, id="i-1", interaction="i-1"))
    response = await _call(audit, route, keys[role], elsewhere)
    assert (response.status_code, response.json()["title"]) == (403, "Not your tenant")


class TestOperator:
    @pytest.mark.parametrize("role", ["operator", "token"])
    async def test_sees_envelopes_and_no_contents(self, audit, tenant, keys, role):
        response = await audit.http.get("/v1/interactions/i-1", params={"tenant": tenant}, headers=keys[role])
        assert [(one["data"], one["data_state"]) for one in response.json()["entries"]] == [(None, "not_asked")]
        revealed = await audit.http.get("/v1/interactions/i-1", params={"tenant": tenant, "reveal": True}, headers=keys[role])
        assert revealed.status_code == 403

    async def test_needs_no_key_service_to_see_envelopes(self, audit, tenant, keys):
        """Nothing is opened for it, not even to be thrown away."""
        audit.cache._keys.clear()
        held, audit.cache.key_service = audit.cache.key_service, None
        try:
            response = await audit.http.get("/v1/interactions/i-1", params={"tenant": tenant}, headers=keys["operator"])
        finally:
            audit.cache.key_service = held
        assert response.status_code == 200


class TestAlerts:
    @pytest.fixture
    def watch(self, audit, tenant):
        watch = audit.parts.beside[1]
        own, other = f"chancery.interactions.requested.{tenant}/0", "chancery.interactions.completed.another/1"
        findings = [
            Finding("unsigned", tenant, tenant, "own"), Finding("unsigned", "another", "another", "other"),
            Finding("clock_off", None, "x", "all"), Finding("offset_gap", None, own, "own gap"),
            Finding("offset_gap", None, other, "other gap"),
            Finding("offset_gap", None, "chancery.documents/0", "shared gap"),
        ]  # fmt: skip
        watch.alerts.standing = [Alert(one, audit.clock()) for one in findings]
        yield watch
        watch.alerts.standing = []

    @pytest.mark.parametrize(
        ("role", "words"),
        [
            ("officer", {"own", "all", "own gap", "shared gap"}),
            ("operator", {"own", "all", "own gap", "shared gap"}),
            ("token", {"own", "all", "own gap", "shared gap", "other", "other gap"}),
        ],
    )
    async def test_are_told_as_far_as_they_concern_ones_tenants(self, audit, keys, watch, role, words):
        told = (await audit.http.get("/v1/alerts", headers=keys[role])).json()["alerts"]
        assert {one["words"] for one in told} == words


class TestWithoutRowSecurity:
    async def test_who_is_behind_walls_stays_out_and_the_others_come_in(self, audit, tenant):
        await audit.take(builders.requested(tenant=tenant, id="i-1", interaction="i-1"))
        officer, walled = await audit.officer(tenant), await audit.officer(tenant, excepted=["m-2"])
        async with audit.client(None, walls_hold=False) as http:
            answers = [await http.get("/v1/interactions/i-1", params={"tenant": tenant}, headers=one) for one in (officer, walled)]
        assert [one.status_code for one in answers] == [200, 503]


class TestKeys:
    async def _self(self, audit, headers):
        return await audit.http.get("/v1/access/self", headers=headers)

    async def _id(self, headers):
        return headers["Authorization"].split("_")[1]

    async def test_a_key_says_who_bears_it(self, audit, tenant):
        key = await audit.grant(role="officer", name="litigation", tenants=[tenant], matters=["m-1"])
        told = (await self._self(audit, key)).json()
        assert told == {
            "reader": f"officer:litigation/{await self._id(key)}", "role": "officer", "tenants": [tenant], "matters": ["m-1"],
            "excepted": [], "registry_roles": [],
        }  # fmt: skip

    async def test_who_bears_it_is_on_record_in_reads_and_in_a_packs_custody(self, audit, tenant):
        await audit.take(builders.requested(tenant=tenant, id="i-1", interaction="i-1"))
        await audit.checkpoints.publish_moved()
        key = await audit.officer(tenant)
        audit.published.clear()
        pack = await audit.http.get("/v1/export", params={"tenant": tenant, "interaction": "i-1"}, headers=key)
        reader = f"officer:officer/{await self._id(key)}"
        assert [one.data.reader for one in audit.published] == [reader]
        with zipfile.ZipFile(io.BytesIO(pack.content)) as opened:
            assert any(reader.encode() in opened.read(name) for name in opened.namelist() if name.endswith(".json"))

    async def test_a_revoked_key_opens_nothing_at_once(self, audit, tenant):
        key = await audit.officer(tenant)
        assert (await self._self(audit, key)).status_code == 200
        revoke = f"/v1/access/{await self._id(key)}/revoke"
        assert (await audit.http.post(revoke, headers=OPERATOR)).status_code == 204
        assert (await self._self(audit, key)).status_code == 401
        assert (await audit.http.post(revoke, headers=OPERATOR)).status_code == 404

    async def test_an_expired_key_opens_nothing(self, audit, tenant):
        key = await audit.officer(tenant, expires_at=audit.clock().replace(year=2099).isoformat())
        assert (await self._self(audit, key)).status_code == 200
        before = audit.clock.now
        audit.clock.now = before.replace(year=2099)
        try:
            assert (await self._self(audit, key)).status_code == 401
            listed = (await audit.http.get("/v1/access", params={"tenant": tenant}, headers=OPERATOR)).json()["keys"]
            assert [one["state"] for one in listed if one["key"] == await self._id(key)] == ["expired"]
        finally:
            audit.clock.now = before

    async def test_one_secret_does_not_fit_another_key(self, audit, tenant):
        mine, other = await audit.officer(tenant), await audit.officer(tenant)
        mixed = f"chk_{await self._id(mine)}_{other['Authorization'].split('_', 2)[2]}"
        assert (await self._self(audit, {"Authorization": f"Bearer {mixed}"})).status_code == 401

    async def test_no_secret_is_on_record_anywhere(self, audit, tenant):
        key = (await audit.officer(tenant))["Authorization"].split("_", 2)[2].encode()
        for table in ("access_keys", "outbox"):
            for row in await audit.run(f"SELECT * FROM {table}"):
                assert not any(key in (value if isinstance(value, bytes) else str(value).encode()) for value in row.values())

    async def test_grants_and_revocations_are_events_on_the_trail_of_each_tenant_that_they_concern(self, audit, tenant):
        await audit.run("DELETE FROM outbox")
        key = await audit.grant(role="auditor", name="two", tenants=[tenant, f"{tenant}-b"], excepted=["m-9"])
        everywhere = await audit.grant(role="operator", name="all")
        await audit.http.post(f"/v1/access/{await self._id(key)}/revoke", headers=OPERATOR)
        told = []

        async def publish(event):
            told.append(event)

        await audit.eraser.publish_outbox(publish)
        granted, revoked = AccessGranted, AccessRevoked
        one, other = await self._id(key), await self._id(everywhere)
        assert [(event.tenant, type(event.data), event.data.key) for event in told] == [
            (tenant, granted, one), (f"{tenant}-b", granted, one), (SHARED, granted, other), (tenant, revoked, one),
            (f"{tenant}-b", revoked, one),
        ]  # fmt: skip
        assert (told[0].data.role, told[0].data.excepted, told[0].data.by) == ("auditor", ("m-9",), "operator")
        await audit.take(*told)
        types = [one["type"] for one in (await audit.get("entries", tenant=tenant))["entries"]]
        assert types == [AccessGranted.TYPE, AccessRevoked.TYPE]

    async def test_a_backup_that_brings_a_revoked_key_back_is_told_again(self, audit, tenant):
        key = await audit.officer(tenant)
        await audit.http.post(f"/v1/access/{await self._id(key)}/revoke", headers=OPERATOR)
        [*_, row] = await audit.run("SELECT body FROM outbox ORDER BY id")
        await audit.take(*load_events(row["body"]))
        await audit.run("UPDATE access_keys SET revoked_at = NULL, revoked_by = NULL WHERE key = $1", await self._id(key))
        assert (await self._self(audit, key)).status_code == 200, "so it would be, without what follows"
        await audit.privacy.relearn_from_trail()
        assert (await self._self(audit, key)).status_code == 401

    @pytest.mark.parametrize(
        "order",
        [
            {"role": "officer"},
            {"role": "officer", "tenants": ["a", "b"]},
            {"role": "token-holder"},
            {"role": "auditor", "tenants": []},
            {"role": "auditor", "matters": []},
            {"role": "auditor", "matters": ["*"]},
            {"role": "auditor", "excepted": ["a,b"]},
            {"role": "auditor", "name": "alice@example.com"},
            {"role": "auditor", "name": "oidc"},
            {"role": "auditor", "expires_at": "2020-01-01T00:00:00Z"},
            {"role": "auditor", "expires_at": "2099-01-01T00:00:00"},
        ],
    )
    async def test_what_cannot_be_granted_is_a_problem(self, audit, order):
        response = await audit.http.post("/v1/access", json={"name": "n", **order}, headers=OPERATOR)
        assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")

    def test_revocations_are_kept_without_end(self):
        assert ACCESS.retention_ms == -1


class TestTokens:
    async def _status(self, audit, token, tenant="any"):
        headers = {"Authorization": f"Bearer {token}"}
        return (await audit.http.get("/v1/verify", params={"tenant": tenant}, headers=headers)).status_code

    @pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
    async def test_a_good_token_reads_and_its_subject_is_the_reader(self, audit, tenant, identity, algorithm):
        audit.published.clear()
        assert await self._status(audit, identity.token(algorithm, chancery_tenants=[tenant]), tenant) == 200
        (read,) = audit.published
        assert isinstance(read.data, AuditRead)
        assert read.data.reader == "auditor:oidc/u-42"

    async def test_a_subject_that_is_a_persons_address_is_on_record_as_a_hash(self, audit, tenant, identity):
        audit.published.clear()
        token = identity.token(sub="alice@example.com", chancery_tenants=[tenant])
        assert await self._status(audit, token, tenant) == 200
        assert "alice" not in audit.published[0].data.reader

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "another-service"}, {"aud": None}, {"iss": "https://evil.example"}, {"iss": None}, {"sub": None}, {"exp": None},
            {"exp": int(time.time()) - 120}, {"nbf": int(time.time()) + 3600}, {"aud": ["a", "b"]}, {"sub": 7},
        ],
        ids=str,
    )  # fmt: skip
    async def test_a_token_whose_claims_do_not_hold_is_refused(self, audit, identity, claims):
        assert await self._status(audit, identity.token(chancery_tenants="*", **claims)) == 401

    async def test_a_clock_that_is_a_little_off_is_forgiven(self, audit, tenant, identity):
        token = identity.token(chancery_tenants=tenant, exp=int(time.time()) - 5)
        assert await self._status(audit, token, tenant) == 200

    async def test_forged_tokens_are_refused(self, audit, identity):
        stranger = IdentityProvider()
        public = identity.keys["RS256"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        good = identity.token(chancery_tenants="*")
        head, body, signature = good.split(".")
        other_body = identity.token(chancery_tenants="*", chancery_role="officer").split(".")[1]
        forged = {
            "signed by a stranger under the same key id": stranger.token(chancery_tenants="*"),
            "alg none": jwt.encode(identity.claims(chancery_tenants="*"), None, algorithm="none", headers={"kid": "ES256-1"}),
            "alg none, without a key id": jwt.encode(identity.claims(chancery_tenants="*"), None, algorithm="none"),
            "HS256 with the public key as its secret": _hs256(identity.claims(chancery_tenants="*"), public, identity.kid("RS256")),
            "an unknown key id": identity.token(chancery_tenants="*", headers={"kid": "no-such-key"}),
            "another key's id": identity.token(chancery_tenants="*", headers={"kid": identity.kid("RS256")}),
            "no key id, where there are many keys": jwt.encode(identity.claims(chancery_tenants="*"), identity.keys["ES256"], "ES256"),
            "another body": f"{head}.{other_body}.{signature}",
            "no signature": f"{head}.{body}.",
            "a cut signature": good[:-4],
            "a logout token": identity.token(chancery_tenants="*", headers={"typ": "logout+jwt"}),
            "critical headers": identity.token(chancery_tenants="*", headers={"crit": ["exp"]}),
            "a key of its own in the header": stranger.token(chancery_tenants="*", headers={"kid": "new", "jwk": stranger.jwk("ES256")}),
            "not a token": "a.b.c",
            "too long": f"{good}{'A' * 20_000}",
            "deep": f"{jwt.utils.base64url_encode(b'[' * 9000).decode()}.e30.AA",
        }
        assert {why: await self._status(audit, token) for why, token in forged.items()} == dict.fromkeys(forged, 401)

    @pytest.mark.parametrize(
        "claims",
        [
            {}, {"chancery_role": None, "chancery_tenants": "*"}, {"chancery_role": "token-holder", "chancery_tenants": "*"},
            {"chancery_role": ["auditor"], "chancery_tenants": "*"}, {"chancery_tenants": []}, {"chancery_tenants": ["A Bank"]},
            {"chancery_role": "officer", "chancery_tenants": "*"}, {"chancery_role": "officer", "chancery_tenants": ["a", "b"]},
            {"chancery_tenants": "*", "chancery_matters": 7}, {"chancery_tenants": "*", "chancery_matters": None},
            {"chancery_tenants": "*", "chancery_matters": []}, {"chancery_tenants": "*", "chancery_except": "*"},
            {"chancery_tenants": "*", "chancery_matters": ["a,b"]}, {"chancery_tenants": "*", "chancery_except": [None]},
        ],
        ids=str,
    )  # fmt: skip
    async def test_a_token_without_a_role_here_is_told_so(self, audit, identity, claims):
        assert await self._status(audit, identity.token(**claims)) == 403

    async def test_a_token_for_one_tenant_opens_no_other(self, audit, tenant, identity):
        token = identity.token(chancery_role="officer", chancery_tenants=tenant)
        assert [await self._status(audit, token, one) for one in (tenant, "another")] == [200, 403]

    async def test_walls_come_from_claims(self, audit, tenant, identity):
        token = identity.token(chancery_role="officer", chancery_tenants=tenant, chancery_matters=["m-1"], chancery_except=["m-2"])
        told = (await audit.http.get("/v1/access/self", headers={"Authorization": f"Bearer {token}"})).json()
        assert (told["matters"], told["excepted"]) == (["m-1"], ["m-2"])


def _hs256(claims, secret, kid):
    """By hand: the library refuses to sign with what looks like a public key."""
    import hmac

    encoded = [jwt.utils.base64url_encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT", "kid": kid}, claims)]
    signature = hmac.digest(secret, b".".join(encoded), "sha256")
    return b".".join([*encoded, jwt.utils.base64url_encode(signature)]).decode()
