"""Asks an enclave for its attestation document, by a nonce of ours, and remembers what it proved for as long as the policy allows."""

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from chancery_contracts.bodies import ModelBody
from chancery_contracts.bodies.models import AttestationPolicy
from chancery_contracts.event import Clock
from chancery_contracts.interactions import AttestationEvidence

from chancery_generation.adapters.channels import PinnedClients, by_key_alone
from chancery_generation.domain.attestation.cose import LONGEST_DOCUMENT
from chancery_generation.domain.attestation.verifying import Expected, allowed_registers, verify_document
from chancery_generation.errors import AttestationRefused

NONCE_BYTES = 32
KEPT = 256
FETCH_S = 5.0
"""The longest that an enclave may take for its document."""
REFUSAL_KEPT = timedelta(seconds=2)
"""So long a refusal is repeated without asking: an enclave that cannot prove itself is not asked once for each event."""
MARGIN = timedelta(seconds=1)
"""Evidence is not used in its last second, which a call might outlive before it begins."""
_LONGEST_BODY = LONGEST_DOCUMENT * 4 // 3 + 4


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an enclave until a moment: what it proved, or why it did not."""

    until: datetime
    evidence: AttestationEvidence | None = None
    refusal: str = ""


class NitroAttestor:
    """Port `Attestor`. One asks for many: those who wait for the same enclave get the same answer."""

    def __init__(self, channels: PinnedClients, root: bytes, clock: Clock, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._channels = channels
        self._root = root
        self._clock = clock
        self._draw = draw
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Known]] = {}

    async def attest(self, model: ModelBody, time_left_s: float) -> AttestationEvidence:
        """What the model's enclave has proved, no longer than `max_age_s` ago. Raises AttestationRefused: nothing may be sent then."""
        if model.attestation is None:
            raise AttestationRefused("the model names no attestation")
        name = enclave_of(model)
        known = self._known.get(name)
        if known is None or known.until <= self._clock():
            known = await self._ask_once(name, model, model.attestation, time_left_s)
        if known.evidence is None:
            raise AttestationRefused(known.refusal)
        return known.evidence

    def forget(self, model: ModelBody) -> None:
        """Somebody without the attested key answered there (an enclave begun anew, or none): the next call asks again."""
        self._known.pop(enclave_of(model), None)

    async def _ask_once(self, name: str, model: ModelBody, policy: AttestationPolicy, time_left_s: float) -> Known:
        task = self._asking.get(name)
        if task is None:
            task = self._asking[name] = asyncio.create_task(self._ask(name, model, policy))
            task.add_done_callback(lambda _: self._asking.pop(name, None))
        try:
            return await asyncio.wait_for(asyncio.shield(task), max(0.0, time_left_s))
        except TimeoutError as exc:
            raise AttestationRefused("no time was left to have the enclave attested") from exc

    async def _ask(self, name: str, model: ModelBody, policy: AttestationPolicy) -> Known:
        try:
            evidence = await self._proved(model, policy)
            known = Known(min(evidence.attested_at, self._clock()) + timedelta(seconds=policy.max_age_s) - MARGIN, evidence)
        except AttestationRefused as exc:
            known = Known(self._clock() + REFUSAL_KEPT, refusal=str(exc))
        self._known[name] = known
        self._known.move_to_end(name)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return known

    async def _proved(self, model: ModelBody, policy: AttestationPolicy) -> AttestationEvidence:
        allowed_registers(policy)  # a policy that pins nothing is not worth a question
        nonce = self._draw(NONCE_BYTES)
        document = await self._document(model, policy.url, nonce)
        return verify_document(document, Expected(self._root, policy, nonce, self._clock()))

    async def _document(self, model: ModelBody, url: str, nonce: bytes) -> bytes:
        try:
            async with asyncio.timeout(FETCH_S), self._channels.unpinned(key_alone=by_key_alone(model)) as client:
                request = client.build_request("GET", httpx.URL(url).copy_merge_params({"nonce": nonce.hex()}))
                response = await client.send(request, stream=True)
                try:
                    return read_body(response.headers.get("content-type", ""), await _content(response))
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError) as exc:
            raise AttestationRefused(f"the enclave's document could not be had: {type(exc).__name__}") from exc


async def _content(response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise AttestationRefused(f"the enclave answered {response.status_code} instead of its document")
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > _LONGEST_BODY:
            raise AttestationRefused("the enclave's answer is too long for a document")
    return bytes(content)


def read_body(media_type: str, body: bytes) -> bytes:
    """The document: as it is, or in base64 where it comes as text. Raises AttestationRefused."""
    if not media_type.startswith("text/plain"):
        return body
    try:
        return base64.b64decode(body.strip(), validate=True)
    except binascii.Error as exc:
        raise AttestationRefused("the enclave's text is not base64") from exc


def enclave_of(model: ModelBody) -> str:
    """A name for where a model runs and what must be proved there: another policy is another question."""
    policy = model.attestation.model_dump_json() if model.attestation else ""
    return hashlib.sha256(f"{model.base_url}\n{by_key_alone(model)}\n{policy}".encode()).hexdigest()
