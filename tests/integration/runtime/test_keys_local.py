"""The local keyring: the suite of every key service, and what a file adds: processes that race, copies, dying half-way."""

import base64
import json
import os
import stat
import subprocess
import sys

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
        running = [_process(ROTATE_AND_WRAP, path, tenant) for _ in range(4)]
        made = [json.loads(one.communicate(timeout=60)[0]) for one in running]
        keys = opened("vault")
        assert (await keys.versions(tenant)).current == 1 + 4 * 5
        for key, wrapped in [one for found in made for one in found]:
            assert await keys.unwrap(tenant, bytes.fromhex(wrapped), CONTEXT) == bytes.fromhex(key)
        assert sorted(one.name for one in path.parent.iterdir()) == ["keyring.json", "keyring.json.lock"]

    @pytest.mark.parametrize("step", ["_written_beside", "_sync_folder"])
    async def test_a_process_killed_while_it_changes_the_file_leaves_a_whole_one_and_no_lock(self, path, opened, tenant, step):
        """Before the new file is there the old one stands; once it has the name, the new one does."""
        keys, key = opened("vault"), new_key()
        wrapped = await keys.wrap(tenant, key, CONTEXT)
        assert _process(DIE_AT + ROTATE_AND_WRAP, path, tenant, step).wait(60) == 9
        current = (await opened("vault").versions(tenant)).current
        assert current == {"_written_beside": 1, "_sync_folder": 2}[step]
        assert (await opened("vault").rotate(tenant)).current == current + 1
        assert await keys.unwrap(tenant, wrapped, CONTEXT) == key


ROTATE_AND_WRAP = """
import asyncio, json, sys
from pathlib import Path
from chancery_runtime.keys import LocalKeyring, new_key

async def work(path, tenant, context):
    keys, made = LocalKeyring.open(Path(path), "vault"), []
    for _ in range(5):
        key = new_key()
        made.append((key.hex(), (await keys.wrap(tenant, key, context)).hex()))
        await keys.rotate(tenant)
    print(json.dumps(made))

asyncio.run(work(*sys.argv[1:4]))
"""
DIE_AT = """
import os, sys
from chancery_runtime.keys import ring_file
setattr(ring_file, sys.argv[4], lambda *_: os._exit(9))
"""


def _process(script, path, tenant, *more):
    command = [sys.executable, "-c", script, str(path), tenant, CONTEXT, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONWARNINGS": "ignore"})
