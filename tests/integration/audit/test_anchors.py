"""Anchors on the real trail: the folder, what readers see of anchors, and a log that its operator rewrites with database and key."""

import base64
import io
import json
import zipfile
from datetime import timedelta

import asyncpg
import pytest
from chancery_audit.adapters.anchor_file import FileAnchor
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.watching import Bounds, ClockWatch, Watch
from chancery_audit.errors import AnchorDown
from chancery_contracts.event import system_clock
from chancery_ledger import Ed25519Verifier, Policy
from chancery_ledger.pack_verifier import verify_pack
from chancery_storage import load_queries
from integration.audit.anchoring import Shifted, anchoring, command, grow, rewrite, stored

TOKEN = {"Authorization": "Bearer operator"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "anchors"


@pytest.fixture
def file_anchor(folder):
    return FileAnchor(folder, system_clock)


def _watch(audit, running, clock):
    signer = LogSigner(audit.database, load_queries("chancery_audit"), audit.keys, "log.example")
    bounds = Bounds(unsigned_s=1e6, unfinished_s=1e6)
    watch = Watch(audit.database, load_queries("chancery_audit"), signer, ClockWatch(clock), bounds)
    watch.also(running.findings)
    return watch


async def _alert(watch, clock, tenant):
    """The words of this tenant's, if it stands after two looks."""
    await watch.look()
    clock.by += timedelta(seconds=2)
    standing = [one.finding for one in await watch.look()]
    clock.by -= timedelta(seconds=2)
    return next((one.words for one in standing if (one.kind, one.tenant) == ("anchor_failing", tenant)), None)


class Broken(FileAnchor):
    """A folder that cannot be written, for as long as it is told; or one whose code is at fault."""

    fault = AnchorDown("the folder is away")

    async def publish(self, tenant, size, note):
        if self.fault is not None:
            raise self.fault
        return await super().publish(tenant, size, note)


class TestTheFolder:
    async def test_gets_the_newest_signed_note_whole_and_for_good(self, audit, tenant, file_anchor, folder):
        await grow(audit, tenant)
        note = await grow(audit, tenant, 2)
        running = anchoring(audit, file_anchor)
        assert await running.anchor_due() >= 1
        (kept,) = (folder / tenant).iterdir()
        assert (kept.name, kept.read_text(), kept.stat().st_mode & 0o777) == ("000000000003.checkpoint", note, 0o444)
        (row,) = await stored(audit, tenant)
        where = json.loads(row["evidence"])
        assert (row["kind"], row["size"], where["path"]) == ("file", 3, f"{tenant}/{kept.name}")
        assert await running.anchor_due() == 0

    async def test_gets_no_more_than_one_in_the_time_that_is_set(self, audit, tenant, file_anchor):
        running = anchoring(audit, file_anchor, every_s=3600)
        await grow(audit, tenant)
        await running.anchor_due()
        await grow(audit, tenant)
        await running.anchor_due()
        assert [row["size"] for row in await stored(audit, tenant)] == [1]
        await anchoring(audit, file_anchor).anchor_due()
        assert [row["size"] for row in await stored(audit, tenant)] == [1, 2]

    async def test_goes_on_after_a_restart_and_after_a_death_before_the_anchor_was_stored(self, audit, tenant, file_anchor, folder):
        note = await grow(audit, tenant)
        await file_anchor.publish(tenant, 1, note)  # and there the process died
        await anchoring(audit, FileAnchor(folder, system_clock)).anchor_due()
        assert [row["size"] for row in await stored(audit, tenant)] == [1]
        await grow(audit, tenant)
        await anchoring(audit, FileAnchor(folder, system_clock)).anchor_due()
        assert [row["size"] for row in await stored(audit, tenant)] == [1, 2]
        assert len(list((folder / tenant).iterdir())) == 2

    async def test_never_replaces_a_note_and_another_of_the_same_size_is_an_alert_at_once(self, audit, tenant, file_anchor, folder):
        await grow(audit, tenant, 2)
        running = anchoring(audit, file_anchor, overdue_s=3600)
        await running.anchor_due()
        before = (folder / tenant / "000000000002.checkpoint").read_text()
        await rewrite(audit, tenant)
        await grow(audit, tenant, 2)
        await running.anchor_due()
        clock = Shifted()
        assert "holds another checkpoint of this size" in await _alert(_watch(audit, running, clock), clock, tenant)
        assert (folder / tenant / "000000000002.checkpoint").read_text() == before
        assert await stored(audit, tenant) == []

    async def test_that_is_another_signers_while_it_holds_the_lease_is_left_to_it(self, audit, tenant, file_anchor):
        await grow(audit, tenant)
        await audit.run("UPDATE logs SET holder = 'another', leased_until = now() + interval '1 minute' WHERE tenant = $1", tenant)
        await anchoring(audit, file_anchor).anchor_due()
        assert await stored(audit, tenant) == []
        await audit.run("UPDATE logs SET leased_until = now() WHERE tenant = $1", tenant)
        await anchoring(audit, file_anchor).anchor_due()
        assert len(await stored(audit, tenant)) == 1


class TestAnAnchorThatFails:
    async def test_raises_the_alert_when_it_is_overdue_clears_it_and_holds_up_no_signing(self, audit, tenant, folder):
        clock, anchor = Shifted(), Broken(folder, system_clock)
        running = anchoring(audit, anchor, clock=clock)
        watch = _watch(audit, running, clock)
        await grow(audit, tenant)
        await running.anchor_due()
        words = await _alert(watch, clock, tenant)
        assert "the checkpoint of 1 entries" in words
        assert words.endswith("has no anchor: the folder is away")
        assert "anchor_failing" in (await watch.health())["kinds"]
        assert (await running.health())["file"]["down"] == "the folder is away"
        assert "\n2\n" in await grow(audit, tenant)
        anchor.fault = None
        assert await running.anchor_due() == 0  # left alone for a second
        clock.by = timedelta(seconds=2)
        assert await running.anchor_due() >= 1
        assert await _alert(watch, clock, tenant) is None
        assert (await running.health())["file"]["down"] is None

    async def test_by_a_fault_of_its_code_is_told_and_stops_nothing(self, audit, tenant, folder):
        anchor = Broken(folder, system_clock)
        anchor.fault = KeyError("secret")
        running = anchoring(audit, anchor)
        await grow(audit, tenant)
        await running.anchor_due()
        clock = Shifted()
        assert (await _alert(_watch(audit, running, clock), clock, tenant)).endswith("an unforeseen KeyError")

    async def test_is_no_alert_before_its_bound(self, audit, tenant, folder):
        running = anchoring(audit, Broken(folder, system_clock), overdue_s=3600)
        await grow(audit, tenant)
        await running.anchor_due()
        clock = Shifted()
        assert await _alert(_watch(audit, running, clock), clock, tenant) is None

    async def test_does_not_keep_another_kind_from_its_own(self, audit, tenant, folder):
        broken = Broken(folder, system_clock)
        broken.kind = "tsa"
        await grow(audit, tenant)
        await anchoring(audit, broken, FileAnchor(folder, system_clock)).anchor_due()
        assert [row["kind"] for row in await stored(audit, tenant)] == ["file"]


class TestWhatReadersSee:
    async def test_is_every_anchor_newest_first_and_page_by_page(self, audit, tenant, file_anchor):
        running = anchoring(audit, file_anchor)
        notes = []
        for _ in range(3):
            notes.append(await grow(audit, tenant))
            await running.anchor_due()
        page = await audit.get(f"log/{tenant}/anchors", limit=2)
        assert [(one["size"], one["note"]) for one in page["anchors"]] == [(3, notes[2]), (2, notes[1])]
        rest = await audit.get(f"log/{tenant}/anchors", before_size=page["next"])
        assert ([one["size"] for one in rest["anchors"]], rest["next"]) == ([1], None)
        (one,) = (await audit.get(f"log/{tenant}/anchors", size=2))["anchors"]
        assert json.loads(base64.b64decode(one["evidence"]))["path"] == f"{tenant}/000000000002.checkpoint"

    @pytest.mark.parametrize("wanted", [{"size": 0}, {"size": "x"}, {"limit": 0}, {"before_size": -1}])
    async def test_of_what_is_no_size_is_a_problem(self, audit, tenant, wanted):
        assert (await audit.http.get(f"/v1/log/{tenant}/anchors", params=wanted, headers=TOKEN)).status_code == 422
        assert (await audit.http.get(f"/v1/log/{tenant}/anchors")).status_code == 401

    @pytest.mark.parametrize("change", ["UPDATE anchors SET size = 9", "DELETE FROM anchors", "TRUNCATE anchors"])
    async def test_cannot_be_changed(self, audit, tenant, file_anchor, change):
        await grow(audit, tenant)
        await anchoring(audit, file_anchor).anchor_due()
        with pytest.raises(asyncpg.PostgresError):
            await audit.run(change)

    async def test_is_in_a_pack_with_the_proof_from_there_to_its_checkpoint(self, audit, tenant, file_anchor):
        await grow(audit, tenant, 3)
        await anchoring(audit, file_anchor).anchor_due()
        await grow(audit, tenant, 4)
        response = await audit.http.get("/v1/export", params={"tenant": tenant, "from": "2000-01-01T00:00:00Z"}, headers=audit.auditor)
        policy = Policy(Ed25519Verifier.parse((await audit.text(f"log/{tenant}/key")).strip()))
        proof = verify_pack(io.BytesIO(response.content), policy)
        assert (proof.trusted.checkpoint.size, [(one.kind, one.size) for one in proof.anchors]) == (7, [("file", 3)])
        with zipfile.ZipFile(io.BytesIO(response.content)) as opened:
            assert "Folder of checkpoints" in opened.read("report.html").decode()


class TestALogThatItsOperatorRewrites:
    """With the database and with the signing key: everything that the service then shows is consistent, and signed."""

    @pytest.mark.parametrize("grows_to", [3, 7])
    async def test_does_not_continue_the_note_in_the_folder(self, audit, tenant, file_anchor, folder, url, grows_to):
        await grow(audit, tenant, 3)
        await anchoring(audit, file_anchor).anchor_due()
        key = (await audit.text(f"log/{tenant}/key")).strip()
        verify = ("verify", "--tenant", tenant, "--key", key, "--since", str(folder / tenant / "000000000003.checkpoint"))
        await grow(audit, tenant)
        status, out, err = await command(url, *verify)
        assert (status, "continues your checkpoint of 3" in out) == (0, True), err
        await rewrite(audit, tenant)
        await grow(audit, tenant, grows_to)
        assert (await audit.get("verify", tenant=tenant))["ok"]
        status, out, err = await command(url, *verify)
        assert (status, out) == (1, "")
        assert "[LOG_FORKED]" in err

    async def test_cut_off_does_not_either(self, audit, tenant, file_anchor, folder, url):
        await grow(audit, tenant, 3)
        await anchoring(audit, file_anchor).anchor_due()
        key = (await audit.text(f"log/{tenant}/key")).strip()
        await rewrite(audit, tenant)
        await grow(audit, tenant, 2)
        note = folder / tenant / "000000000003.checkpoint"
        status, _, err = await command(url, "verify", "--tenant", tenant, "--key", key, "--since", str(note))
        assert (status, "[LOG_TRUNCATED]" in err) == (1, True)

    async def test_is_told_by_the_command_what_is_anchored(self, audit, tenant, file_anchor, url):
        await grow(audit, tenant, 3)
        await anchoring(audit, file_anchor).anchor_due()
        status, out, _ = await command(url, "anchors", "--tenant", tenant, "--size", "3")
        assert (status, [one["kind"] for one in json.loads(out)["anchors"]]) == (0, ["file"])

    async def test_has_its_notes_and_evidence_saved_as_files(self, audit, tenant, file_anchor, folder, url, tmp_path):
        note = await grow(audit, tenant, 3)
        await anchoring(audit, file_anchor).anchor_due()
        status, _, err = await command(url, "anchors", "--tenant", tenant, "--save", str(tmp_path / "saved"))
        assert (status, (tmp_path / "saved" / "file-3.checkpoint").read_text()) == (0, note), err
        assert json.loads((tmp_path / "saved" / "file-3.json").read_text())["path"] == f"{tenant}/000000000003.checkpoint"
        status, _, err = await command(url, "anchors", "--tenant", tenant, "--save", str(folder / tenant / "000000000003.checkpoint"))
        assert (status, "cannot write" in err) == (1, True)
