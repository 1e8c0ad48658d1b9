"""Calls of attested models, over channels to the attested key alone. Whoever speaks the provider's wire knows nothing of it."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx
from chancery_contracts.bodies import ModelBody

from chancery_generation.adapters.channels import PinnedClients, by_key_alone
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import CallResult
from chancery_generation.errors import AttestationRefused
from chancery_generation.ports import Model


@dataclass(frozen=True, slots=True)
class AttestedModels:
    """Port `Model` over another one. `over`: the same models over another client. `forget`: what an enclave proved before."""

    plain: Model
    over: Callable[[httpx.AsyncClient], Model]
    channels: PinnedClients
    forget: Callable[[ModelBody], None]

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        """Raises AttestationRefused where a model must be attested and the request names no key: then nothing is sent."""
        model, key = request.model, request.channel_key_sha256
        if model.attestation is None:
            return await self.plain.call(request, time_left_s)
        if key is None:
            raise AttestationRefused("the model must be attested, and was not")
        client = await self.channels.client(key, key_alone=by_key_alone(model))
        result = await self.over(client).call(request, time_left_s)
        if result.outcome == "unreachable":
            self.forget(model)
        return result
