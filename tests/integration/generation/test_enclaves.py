"""Attested models over real TLS: restricted text goes to the attested key, or nowhere."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from chancery_contracts.bodies import ModelBody
from chancery_generation.adapters.attested import AttestedModels
from chancery_generation.adapters.attesting import NitroAttestor
from chancery_generation.adapters.channels import PinnedClients
from chancery_generation.adapters.providers.exchange import ExchangeLimits
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.suppliers import Providers, suppliers, wires
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import CallResult
from chancery_generation.domain.prompting import RenderedPrompt
from chancery_generation.errors import AttestationRefused
from chancery_testing import nitro
from chancery_testing.clock import FixedClock
from chancery_testing.enclave import Enclave, serving
from cryptography.hazmat.primitives.asymmetric import ec


class Scene:
    """One enclave, and generation's adapters as `main` wires them."""

    def __init__(self, enclave: Enclave, clock: FixedClock, authorities: Path | None = None) -> None:
        self.enclave, self.clock = enclave, clock
        self.channels = PinnedClients(authorities, 2.0, 8)
        self.attestor = NitroAttestor(self.channels, enclave.chain.root.der, clock)
        self.plain = httpx.AsyncClient()
        self.models = AttestedModels(self._over(self.plain), self._over, self.channels, self.attestor.forget)

    def _over(self, client: httpx.AsyncClient) -> Providers:
        return Providers(suppliers(client, wires(Secrets(), self.clock), self.clock, ExchangeLimits(100_000)))

    def model(self, **changed: Any) -> ModelBody:
        policy = {"url": self.enclave.attestation_url, "pcrs": {"0": [nitro.IMAGE.hex()]}, "max_age_s": 60}
        body = {"provider": "openai", "provider_model": "m", "base_url": f"{self.enclave.base_url}/v1", "options": {"tls": "attested-key"}}
        return ModelBody.model_validate(body | {"attestation": policy} | changed)

    async def call(self, model: ModelBody | None = None, key: str | None = None) -> CallResult:
        asked = model or self.model()
        pinned = key or (await self.attestor.attest(asked, 5.0)).channel_key_sha256
        request = ModelRequest("event-1", asked, RenderedPrompt("s", "restricted", ()), 50, channel_key_sha256=pinned)
        return await self.models.call(request, 5.0)

    async def refused(self, model: ModelBody | None = None) -> str:
        with pytest.raises(AttestationRefused) as refused:
            await self.call(model)
        assert not self.enclave.provider.counts  # nothing was asked of it
        return str(refused.value)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def scene(clock: FixedClock, tmp_path: Path) -> AsyncIterator[Scene]:
    async with serving(Enclave(nitro.chain(clock()), clock), tmp_path) as enclave:
        made = Scene(enclave, clock)
        yield made
        await made.channels.close()
        await made.plain.aclose()


class TestAttested:
    async def test_the_call_goes_to_the_attested_key(self, scene: Scene) -> None:
        assert (await scene.call()).outcome == "answered"
        assert scene.enclave.provider.counts == {"event-1": 1}

    async def test_a_document_in_base64(self, scene: Scene) -> None:
        scene.enclave.as_text = True
        assert (await scene.call()).outcome == "answered"

    async def test_is_asked_once_until_the_document_is_too_old(self, scene: Scene) -> None:
        for _ in range(3):
            await scene.call()
        assert len(scene.enclave.nonces) == 1
        scene.clock.advance(seconds=60)
        await scene.call()
        assert len(set(scene.enclave.nonces)) == 2

    async def test_many_who_wait_ask_once(self, scene: Scene) -> None:
        results = await asyncio.gather(*(scene.call() for _ in range(20)))
        assert {result.outcome for result in results} == {"answered"} and len(scene.enclave.nonces) == 1

    async def test_another_policy_is_another_question(self, scene: Scene) -> None:
        await scene.call()
        other = {"url": scene.enclave.attestation_url, "pcrs": {"0": ["11" * 48]}, "max_age_s": 60}
        with pytest.raises(AttestationRefused, match="PCR0"):
            await scene.call(scene.model(attestation=other))

    async def test_a_certificate_of_its_own_needs_the_option(self, scene: Scene) -> None:
        assert "ConnectError" in await scene.refused(scene.model(options={}))

    async def test_a_certificate_that_an_authority_vouches_for(self, scene: Scene, tmp_path: Path) -> None:
        strict = Scene(scene.enclave, scene.clock, tmp_path / "enclave.pem")
        assert (await strict.call(strict.model(options={}))).outcome == "answered"
        await strict.channels.close()


class TestNothingGoesOut:
    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"pcrs": dict.fromkeys(range(16), bytes(48))}, "debug"), ({"nonce": bytes(32)}, "nonce"), ({"public_key": None}, "public key"),
            ({"pcrs": nitro.registers(bytes([7]) * 48)}, "PCR0"), ({"timestamp": 1_500_000_000_000}, "expired"),
        ],
    )  # fmt: skip
    async def test_a_document_that_is_not_believed(self, scene: Scene, changed: dict[str, Any], words: str) -> None:
        scene.enclave.changed = changed
        assert words in await scene.refused()

    async def test_an_old_document_played_again(self, scene: Scene) -> None:
        recorded = scene.enclave.document(b"n" * 32)
        scene.enclave.spoiled = lambda _: recorded
        assert "nonce" in await scene.refused()

    async def test_a_relay_with_the_right_document_and_a_key_of_its_own(self, scene: Scene) -> None:
        scene.enclave.says = ec.generate_private_key(ec.SECP256R1())
        assert (await scene.call()).outcome == "unreachable"
        assert not scene.enclave.provider.counts

    async def test_a_request_that_was_not_attested(self, scene: Scene) -> None:
        request = ModelRequest("event-1", scene.model(), RenderedPrompt("s", "restricted", ()), 50)
        with pytest.raises(AttestationRefused, match="was not"):
            await scene.models.call(request, 5.0)
        assert not scene.enclave.provider.counts

    async def test_without_tls(self, scene: Scene) -> None:
        plain = scene.model(base_url=f"{scene.enclave.base_url}/v1".replace("https", "http"))
        assert (await scene.call(plain)).outcome == "unreachable"

    @pytest.mark.parametrize(("body", "words"), [(bytes(30_000), "too long"), (b"", "not CBOR"), (b"\x84", "not CBOR")])
    async def test_an_answer_that_is_no_document(self, scene: Scene, body: bytes, words: str) -> None:
        scene.enclave.spoiled = lambda _: body
        assert words in await scene.refused()

    async def test_an_option_that_is_not_known(self, scene: Scene) -> None:
        assert "option" in await scene.refused(scene.model(options={"tls": "off"}))

    async def test_a_refusal_is_not_asked_for_again_at_once(self, scene: Scene) -> None:
        scene.enclave.changed = {"digest": "SHA256"}
        for _ in range(3):
            await scene.refused()
        assert len(scene.enclave.nonces) == 1
        scene.enclave.changed = {}
        scene.clock.advance(seconds=3)
        assert (await scene.call()).outcome == "answered"


class TestTakenOver:
    async def test_who_takes_the_address_over_gets_nothing(self, clock: FixedClock, tmp_path: Path) -> None:
        async with serving(Enclave(nitro.chain(clock()), clock), tmp_path) as enclave:
            scene = Scene(enclave, clock)
            assert (await scene.call()).outcome == "answered"
            port = httpx.URL(enclave.base_url).port or 0
        impostor = Enclave(nitro.chain(clock()), clock)
        async with serving(impostor, tmp_path, port):
            assert (await scene.call()).outcome == "unreachable"
            assert not impostor.provider.counts
            with pytest.raises(AttestationRefused, match="pinned root"):  # its document is asked for afresh
                await scene.call()
        await scene.channels.close()

    async def test_an_enclave_begun_anew_is_attested_anew(self, clock: FixedClock, tmp_path: Path) -> None:
        first = Enclave(nitro.chain(clock()), clock)
        async with serving(first, tmp_path):
            scene = Scene(first, clock)
            await scene.call()
            port = httpx.URL(first.base_url).port or 0
        async with serving(Enclave(first.chain, clock), tmp_path, port) as second:
            assert [(await scene.call()).outcome for _ in range(2)] == ["unreachable", "answered"]
            assert second.provider.counts == {"event-1": 1}
        await scene.channels.close()
