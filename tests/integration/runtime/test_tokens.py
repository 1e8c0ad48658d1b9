"""Keys of an identity provider over HTTP: cached, followed when they change, trusted for a bounded time, and never open."""

import asyncio
import json
import socket
from collections import Counter

import pytest
import uvicorn
from chancery_runtime.errors import StartupFailed
from chancery_runtime.jwks import KeySet, KeysUnavailable, read_keys
from chancery_runtime.principals import Principal, Walls
from chancery_runtime.problems import Problem
from chancery_runtime.tokens import TokenSettings, TokenVerifier, by_token
from chancery_testing.identity import AUDIENCE, ISSUER, IdentityProvider
from chancery_testing.waiting import eventually
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from fastapi import FastAPI, Response
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm

LIFE_S, AGAIN_S = 3600, 10


class Endpoint:
    """The provider's key set over a real socket; it can be down."""

    def __init__(self):
        self.provider, self.hits, self.body, self.status = IdentityProvider(), Counter(), None, 200
        self.application = FastAPI()
        self.application.add_api_route("/jwks", self._answer)

    def _answer(self):
        self.hits["jwks"] += 1
        return Response(self.body or json.dumps(self.provider.jwks()), self.status)


class Clock:
    """Of the cache alone: tokens have the real time."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
async def endpoint():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        found = Endpoint()
        server = uvicorn.Server(uvicorn.Config(found.application, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        await eventually(lambda: server.started)
        found.url = f"http://127.0.0.1:{listener.getsockname()[1]}/jwks"
        yield found
        server.should_exit = True
        await serving


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def verifier(endpoint, clock):
    return TokenVerifier(_settings(endpoint.url), KeySet(endpoint.url, LIFE_S, AGAIN_S, clock))


def _settings(jwks, **more):
    given = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE, "oidc_jwks": jwks} | more
    return TokenSettings(kafka_bootstrap="none", database_url="none", http_port=1, **given)


async def _why(verifier, token):
    with pytest.raises(Problem) as found:
        await verifier.principal(token)
    return found.value.status


async def test_a_token_names_a_principal_and_keys_are_fetched_once(endpoint, verifier):
    token = endpoint.provider.token(chancery_tenants=["a"], chancery_matters=["m-1"], chancery_except=["m-2"])
    walls = Walls(frozenset({"m-1"}), frozenset({"m-2"}))
    for _ in range(5):
        assert await verifier.principal(token) == Principal("oidc/u-42", "auditor", frozenset({"a"}), walls)
    assert endpoint.hits["jwks"] == 1


async def test_what_is_no_token_is_left_to_others(endpoint, verifier):
    assert await verifier.principal("chk_0123_abc") is None
    assert endpoint.hits["jwks"] == 0


async def test_keys_that_change_are_followed_and_old_ones_open_nothing(endpoint, verifier, clock):
    old = endpoint.provider.token(chancery_tenants="*")
    assert await verifier.principal(old)
    endpoint.provider.rotate()
    clock.now += AGAIN_S
    assert await verifier.principal(endpoint.provider.token(chancery_tenants="*"))
    assert await _why(verifier, old) == 401


async def test_unknown_key_ids_do_not_make_this_service_hammer_the_provider(endpoint, verifier, clock):
    stranger = IdentityProvider()
    for number in range(20):
        assert await _why(verifier, stranger.token(chancery_tenants="*", headers={"kid": f"made-up-{number}"})) == 401
    assert endpoint.hits["jwks"] == 1
    clock.now += AGAIN_S
    assert await _why(verifier, stranger.token(chancery_tenants="*", headers={"kid": "made-up"})) == 401
    assert endpoint.hits["jwks"] == 2


@pytest.mark.parametrize("outage", ["status 500", "not json", "not a key set", "too large", "nothing listens"])
async def test_while_the_provider_is_down_cached_keys_go_on_until_their_life_ends(endpoint, verifier, clock, outage):
    token = endpoint.provider.token(chancery_tenants="*")
    assert await verifier.principal(token)
    _break(endpoint, verifier, outage)
    clock.now = LIFE_S
    assert await verifier.principal(token)
    clock.now = LIFE_S + AGAIN_S
    with pytest.raises(KeysUnavailable):
        await verifier.principal(token)
    endpoint.status, endpoint.body, verifier.keys.source = 200, None, endpoint.url
    clock.now += AGAIN_S
    assert await verifier.principal(token)


async def test_a_provider_that_never_answered_lets_nobody_in(endpoint, verifier):
    endpoint.status = 503
    with pytest.raises(KeysUnavailable):
        await verifier.principal(endpoint.provider.token(chancery_tenants="*"))


async def test_keys_are_fetched_anew_before_their_life_ends(endpoint, verifier, clock):
    token = endpoint.provider.token(chancery_tenants="*")
    for clock.now in (0, LIFE_S / 2, LIFE_S / 2 + AGAIN_S, LIFE_S, LIFE_S * 1.5):  # the cache looks at it
        assert await verifier.principal(token)
    assert endpoint.hits["jwks"] == 3


def _break(endpoint, verifier, outage):
    if outage == "nothing listens":
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            verifier.keys.source = f"http://127.0.0.1:{listener.getsockname()[1]}/jwks"
    endpoint.status = 500 if outage == "status 500" else 200
    endpoint.body = {"not json": "<html>", "not a key set": '["keys"]', "too large": json.dumps({"keys": [], "x": "x" * 300_000})}.get(
        outage
    )


class TestAKeySet:
    def test_leaves_out_what_may_not_verify(self):
        provider = IdentityProvider()
        good = provider.jwk("RS256")
        weak = json.loads(RSAAlgorithm.to_jwk(generate_private_key(65537, 1024).public_key())) | {"kid": "weak"}
        symmetric = json.loads(HMACAlgorithm.to_jwk(b"s" * 32)) | {"kid": "symmetric"}
        others = [weak, symmetric, good | {"kid": "enc", "use": "enc"}, good | {"kid": "alg", "alg": "PS256"}, {"kty": "EC"}, "x", 7, {}]
        assert list(read_keys({"keys": [good, *others]})) == [good["kid"]]

    @pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": {}}])
    def test_is_a_key_set(self, document):
        with pytest.raises(ValueError, match="RFC 7517"):
            read_keys(document)

    async def test_in_a_file_is_read_anew(self, tmp_path, clock):
        provider, path = IdentityProvider(), tmp_path / "jwks.json"
        path.write_text(json.dumps(provider.jwks()))
        keys = KeySet(str(path), LIFE_S, AGAIN_S, clock)
        assert await keys.key(provider.kid("EdDSA"))
        provider.rotate()
        path.write_text(json.dumps(provider.jwks()))
        clock.now += AGAIN_S
        assert await keys.key(provider.kid("EdDSA"))

    async def test_of_one_key_needs_no_id(self, tmp_path, clock):
        path = tmp_path / "jwks.json"
        path.write_text(json.dumps({"keys": [IdentityProvider().jwk("ES256")]}))
        found = await KeySet(str(path), LIFE_S, AGAIN_S, clock).key(None)
        assert found.algorithm == "ES256"


class TestSettings:
    def test_without_an_issuer_no_token_is_accepted(self):
        assert by_token(TokenSettings(kafka_bootstrap="none", database_url="none", http_port=1)) is None

    def test_half_a_configuration_does_not_start(self):
        with pytest.raises(StartupFailed, match="CHANCERY_OIDC_AUDIENCE"):
            by_token(_settings("x", oidc_audience=None))

    @pytest.mark.parametrize("source", ["http://id.example/jwks", "http://10.0.0.1/jwks"])
    def test_keys_do_not_come_in_clear_text(self, source):
        with pytest.raises(StartupFailed, match="must be https"):
            by_token(_settings(source))

    @pytest.mark.parametrize("source", ["https://id.example/jwks", "http://localhost:1/jwks", "http://[::1]:1/jwks", "/etc/jwks.json"])
    def test_from_here_or_encrypted_they_may(self, source):
        assert by_token(_settings(source)) is not None
