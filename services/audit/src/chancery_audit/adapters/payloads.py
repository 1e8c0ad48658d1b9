"""Seals payloads, each under a key of its own that the tenant's key wraps."""

import hmac
from hashlib import sha256

from chancery_contracts.event import AnyEvent
from chancery_runtime.keys import KeyService, new_key, seal, unseal

from chancery_audit.domain.envelopes import Payload, content, seal_context


class PayloadSealer:
    """Over the key service."""

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys

    async def seal(self, event: AnyEvent) -> Payload:
        """The event's data, hidden."""
        key, context, data = new_key(), seal_context(event), event.data
        plaintext = data.__pydantic_serializer__.to_json(data)
        return Payload(seal(key, plaintext, context.encode()), await self._keys.wrap(event.tenant, key, context), context)

    async def open(self, tenant: str, payload: Payload) -> bytes:
        """The data's JSON. Raises CorruptSeal."""
        key = await self._keys.unwrap(tenant, payload.wrapped_key, payload.context)
        return unseal(key, payload.sealed, payload.context.encode())

    async def content_hash(self, event: AnyEvent) -> bytes:
        """A keyed hash, so that equal contents are known as equal and nothing can be guessed from it."""
        return hmac.new(await self._keys.derive(event.tenant, "audit content"), content(event), sha256).digest()
