"""Anchors by a real time-stamp authority: the `openssl ts` command, behind HTTP."""

import asyncio
import subprocess
import time
import zipfile

import httpx
import pytest
from chancery_audit.adapters.anchor_tsa import MAX_REPLY_BYTES, TsaAnchor
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.watching import Bounds, ClockWatch, Watch
from chancery_audit.errors import AnchorDown, AnchorFailed
from chancery_contracts.event import system_clock
from chancery_ledger.__main__ import main as ledger_command
from chancery_ledger.stamps import read_roots, stamp_request
from chancery_storage import load_queries
from chancery_testing.timestamping import Authority, openssl_here
from chancery_testing.waiting import eventually
from integration.audit.anchoring import TsaServer, anchoring, grow, stored

if not openssl_here():
    pytest.skip("the openssl command, which is the time-stamp authority of these tests, is not here", allow_module_level=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("foreign"), "Foreign")


@pytest.fixture
def tsa(authority):
    return TsaServer(authority)


@pytest.fixture
async def http():
    async with httpx.AsyncClient(timeout=2) as client:
        yield client


def _anchor(url, authority, http):
    return TsaAnchor(url, read_roots(authority.root.read_bytes()), http)


async def test_a_checkpoint_is_stamped_and_openssl_verifies_it(audit, tenant, tsa, authority, http, tmp_path):
    note = await grow(audit, tenant, 3)
    with tsa.running() as url:
        await anchoring(audit, _anchor(url, authority, http)).anchor_due()
    assert {kind for _, kind in tsa.queries} == {"application/timestamp-query"}
    (row,) = await stored(audit, tenant)
    assert abs((row["at"] - system_clock()).total_seconds()) < 60
    (tmp_path / "note").write_text(note)
    (tmp_path / "reply").write_bytes(row["evidence"])
    words = ["openssl", "ts", "-verify", "-data", "note", "-in", "reply", "-CAfile", str(authority.root)]
    checked = await asyncio.to_thread(subprocess.run, words, cwd=tmp_path, capture_output=True, check=True)
    assert b"Verification: OK" in checked.stdout


async def test_a_pack_proves_offline_when_its_checkpoint_existed(audit, tenant, tsa, authority, foreign, http, tmp_path, capsys):
    await grow(audit, tenant, 3)
    with tsa.running() as url:
        await anchoring(audit, _anchor(url, authority, http)).anchor_due()
    await grow(audit, tenant, 2)
    response = await audit.http.get("/v1/export", params={"tenant": tenant, "from": "2000-01-01T00:00:00Z"}, headers=audit.auditor)
    (tmp_path / "pack").write_bytes(response.content)
    verify = ["verify", str(tmp_path / "pack"), "--key", (await audit.text(f"log/{tenant}/key")).strip()]
    assert ledger_command([*verify, "--tsa-root", str(authority.root)]) == 0
    (row,) = await stored(audit, tenant)
    assert f"the checkpoint of 3 entries existed at {row['at'].isoformat()}: CN=Test TSA says so" in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "pack") as opened:
        opened.extractall(tmp_path)
    words = ["openssl", "ts", "-verify", "-data", "anchors/tsa.checkpoint", "-in", "anchors/tsa.tsr", "-CAfile", str(authority.root)]
    await asyncio.to_thread(subprocess.run, words, cwd=tmp_path, capture_output=True, check=True)
    assert ledger_command([*verify, "--tsa-root", str(foreign.root)]) == 1
    assert "[STAMP_UNTRUSTED]" in capsys.readouterr().err


def _other_note(authority, _):
    return 200, authority.reply(stamp_request("another note")[0])


def _other_nonce(authority, note):
    return 200, authority.reply(stamp_request(note)[0])


class TestAReplyThatDoesNotHold:
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (_other_nonce, "answers another request"),
            (_other_note, "over another text"),
            (lambda *_: (200, b"no reply"), "the reply is no time stamp"),
            (lambda *_: (200, b""), "the reply is no time stamp"),
            (lambda *_: (200, bytes(MAX_REPLY_BYTES + 1)), "longer than a time stamp"),
        ],
    )  # fmt: skip
    async def test_is_refused_and_not_kept(self, audit, tenant, tsa, authority, http, answer, words):
        note = await grow(audit, tenant)
        tsa.answer = lambda _: answer(authority, note)
        with tsa.running() as url:
            anchor = _anchor(url, authority, http)
            with pytest.raises(AnchorFailed, match=words) as refused:
                await anchor.publish(tenant, 1, note)
            assert not isinstance(refused.value, AnchorDown)
            await anchoring(audit, anchor).anchor_due()
        assert await stored(audit, tenant) == []

    async def test_by_another_authority_is_refused(self, audit, tenant, tsa, authority, foreign, http):
        note = await grow(audit, tenant)
        tsa.authority = foreign
        with tsa.running() as url, pytest.raises(AnchorFailed, match="not signed by an authority under the roots"):
            await _anchor(url, authority, http).publish(tenant, 1, note)

    @pytest.mark.parametrize("status", [302, 400, 503])
    async def test_of_another_status_is_an_authority_that_is_down(self, tenant, tsa, authority, http, status):
        tsa.answer = lambda _: (status, b"")
        with tsa.running() as url, pytest.raises(AnchorDown, match=str(status)):
            await _anchor(url, authority, http).publish(tenant, 1, "a note\n")


async def test_a_dead_authority_raises_the_alert_within_ten_seconds_and_clears_it_and_signing_goes_on(audit, tenant, tsa, authority, http):
    """In real time, with the service's own two loops: overdue after a second, looked for every two."""
    with tsa.running() as url:
        port = int(url.split(":")[2].partition("/")[0])
    running = anchoring(audit, _anchor(url, authority, http), overdue_s=1.0)
    queries = load_queries("chancery_audit")
    signer = LogSigner(audit.database, queries, audit.keys, "log.example")
    watch = Watch(audit.database, queries, signer, ClockWatch(system_clock), Bounds(unsigned_s=1e6, unfinished_s=1e6))
    watch.also(running.findings)

    def standing():
        return [one for one in watch.alerts.standing if (one.finding.kind, one.finding.tenant) == ("anchor_failing", tenant)]

    await grow(audit, tenant)
    began, loops = time.monotonic(), [asyncio.create_task(running.run(0.2)), asyncio.create_task(watch.run(2.0))]
    try:
        (alert,) = await eventually(standing, within_s=11)
        assert time.monotonic() - began < 1 + 10
        assert alert.finding.place == f"tsa/{tenant}"
        assert "does not answer (ConnectError)" in alert.finding.words
        assert "\n2\n" in await grow(audit, tenant)
        with tsa.running(port):
            await eventually(lambda: not standing(), within_s=30)
        assert [row["size"] for row in await stored(audit, tenant)] == [2]
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
