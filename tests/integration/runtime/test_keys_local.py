"""The local keyring: the suite of every key service, and what a file adds: processes that race, copies, dying half-way."""

import base64
import json
import multiprocessing
import os
import stat

import pytest
from chancery_runtime.errors import CorruptSeal, KeyDestroyed, StartupFailed
from chancery_runtime.keys import LocalKeyring, new_key, seal
from integration.runtime.key_services import CONTEXT, KeyServiceContract


class TestLocal(KeyServiceContract):
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "keys" / "keyring.json"

    @pytest.fixture
    def opened(self, path):
        return lambda lineage: LocalKeyring.open(path, lineage)

    @pytest.fixture
    def interrupt(self, path, opened, monkeypatch):
        """The file is gone; an open keyring does not go on with what it remembers."""

        def remove():
            ready = opened("vault")
            path.rename(path.with_name("elsewhere"))
            monkeypatch.setattr(LocalKeyring, "open", lambda *_: ready)

        return remove

    async def test_nobody_else_may_read_it(self, path, keys, tenant):
        await keys.wrap(tenant, new_key(), CONTEXT)
        await keys.rotate(tenant)
        assert [stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()] == [0o600, 0o600]
        path.chmod(0o640)
        with pytest.raises(StartupFailed):
            LocalKeyring.open(path)

    async def test_what_is_destroyed_is_not_in_the_file(self, path, keys, tenant):
        await keys.wrap(tenant, new_key(), CONTEXT)
        gone = json.loads(path.read_text())["lineages"][f"vault/{tenant}"]["keys"]["1"]
        await keys.rotate(tenant)
        assert gone in path.read_text()
        await keys.destroy_before(tenant, 2)
        assert gone not in path.read_text()

    async def test_blobs_of_before_open_until_the_version_before_versions_is_destroyed(self, path, opened, tenant):
        path.parent.mkdir()
        root = new_key()
        path.write_text(json.dumps({"root": base64.b64encode(root).decode()}))
        path.chmod(0o600)
        keys, key = opened("vault"), new_key()
        before = seal(LocalKeyring(root)._key(tenant, "wrap"), key, CONTEXT.encode())  # as the release before wrapped it
        assert len(before) == 60
        assert await keys.unwrap(tenant, before, CONTEXT) == key
        after = await keys.rewrap(tenant, before, CONTEXT)
        assert (await keys.versions(tenant)).oldest == 0
        await keys.destroy_before(tenant, 1)
        with pytest.raises(KeyDestroyed):
            await keys.unwrap(tenant, before, CONTEXT)
        assert await keys.unwrap(tenant, after, CONTEXT) == key
        assert await keys.derive(tenant, "pseudonym") == await LocalKeyring(root).derive(tenant, "pseudonym")

    async def test_an_old_copy_of_the_keyring_is_an_alarm_and_no_erasure(self, path, keys, tenant):
        await keys.wrap(tenant, new_key(), CONTEXT)
        copy = path.read_bytes()
        await keys.rotate(tenant)
        wrapped = await keys.wrap(tenant, new_key(), CONTEXT)
        path.write_bytes(copy)
        with pytest.raises(CorruptSeal, match="old copy"):
            await keys.unwrap(tenant, wrapped, CONTEXT)

    @pytest.mark.parametrize(
        "text",
        ["", "{}", "[]", '{"root": "x"}', '{"root": "AAAA"}', '{"root": "%s", "lineages": {"a/b": {}}}', '{"root": "%s", "lineages": []}',
         '{"root": "%s", "lineages": {"a/b": {"current": 2, "oldest": 1, "made_at": null, "keys": {}}}}'],
    )  # fmt: skip
    def test_what_is_no_keyring_does_not_start(self, path, text):
        path.parent.mkdir()
        path.write_text(text.replace("%s", base64.b64encode(b"k" * 32).decode()))
        path.chmod(0o600)
        with pytest.raises(StartupFailed):
            LocalKeyring.open(path)

    async def test_processes_that_rotate_and_wrap_at_once_lose_nothing(self, path, opened, tenant):
        opened("vault")
        context = multiprocessing.get_context("spawn")
        with context.Pool(4) as pool:
            made = pool.starmap(_rotate_and_wrap, [(str(path), tenant, number) for number in range(4)])
        keys = opened("vault")
        assert (await keys.versions(tenant)).current == 1 + 4 * ROTATIONS
        for key, wrapped in [one for found in made for one in found]:
            assert await keys.unwrap(tenant, wrapped, CONTEXT) == key
        assert sorted(one.name for one in path.parent.iterdir()) == ["keyring.json", "keyring.json.lock"]

    async def test_a_process_killed_while_it_changes_the_file_leaves_a_whole_one_and_no_lock(self, path, opened, tenant):
        keys, key = opened("vault"), new_key()
        wrapped = await keys.wrap(tenant, key, CONTEXT)
        context = multiprocessing.get_context("spawn")
        for step in ("write", "rename"):
            process = context.Process(target=_die_while_rotating, args=(str(path), tenant, step))
            process.start()
            process.join(30)
            assert process.exitcode == 9
            assert (await opened("vault").versions(tenant)).current == 1
        assert (await opened("vault").rotate(tenant)).current == 2
        assert await keys.unwrap(tenant, wrapped, CONTEXT) == key


ROTATIONS = 5


def _rotate_and_wrap(path, tenant, number):
    import asyncio
    from pathlib import Path

    async def work():
        keys, made = LocalKeyring.open(Path(path), "vault"), []
        for _ in range(ROTATIONS):
            key = new_key()
            made.append((key, await keys.wrap(tenant, key, CONTEXT)))
            await keys.rotate(tenant)
        return made

    return asyncio.run(work())


def _die_while_rotating(path, tenant, step):
    import asyncio
    from pathlib import Path

    from chancery_runtime.keys import ring_file

    if step == "write":
        ring_file._written_beside = lambda *_: os._exit(9)
    else:
        ring_file.Path.replace = lambda *_: os._exit(9)
    asyncio.run(LocalKeyring.open(Path(path), "vault").rotate(tenant))
