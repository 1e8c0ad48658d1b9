"""One key service after another: what the older one wrapped still opens, and moves as it is rewrapped."""

from chancery_runtime.keys.envelope import form_of
from chancery_runtime.keys.port import KeyService, Versions


class Succession:
    """`derive` stays with the older one: another key would give every value another hash."""

    def __init__(self, newer: KeyService, form: int, older: KeyService) -> None:
        self._newer = newer
        self._form = form
        self._older = older

    async def wrap(self, tenant: str, key: bytes, context: str) -> bytes:
        """By the newer one."""
        return await self._newer.wrap(tenant, key, context)

    async def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """By the one that wrapped it."""
        service = self._newer if form_of(wrapped) == self._form else self._older
        return await service.unwrap(tenant, wrapped, context)

    async def rewrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """Moves it, where the older one had it."""
        if form_of(wrapped) == self._form:
            return await self._newer.rewrap(tenant, wrapped, context)
        return await self._newer.wrap(tenant, await self._older.unwrap(tenant, wrapped, context), context)

    async def derive(self, tenant: str, purpose: str) -> bytes:
        """By the older one."""
        return await self._older.derive(tenant, purpose)

    async def versions(self, tenant: str) -> Versions:
        """The newer one's."""
        return await self._newer.versions(tenant)

    async def rotate(self, tenant: str) -> Versions:
        """The newer one's."""
        return await self._newer.rotate(tenant)

    async def destroy_before(self, tenant: str, version: int) -> None:
        """Everything of the older one, and of the newer one what is below."""
        older = await self._older.versions(tenant)
        if older.current >= older.oldest:
            await self._older.destroy_before(tenant, (await self._older.rotate(tenant)).current)
        await self._newer.destroy_before(tenant, version)
