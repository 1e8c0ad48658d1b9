"""An evidence pack: what was written verifies, and no byte of it can change unnoticed."""

import io
import random
import zipfile
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from chancery_ledger import Checkpoint, CosignatureSigner, Ed25519Signer, Policy, add_signatures, leaf_bytes, leaf_hash, sign_note
from chancery_ledger.__main__ import main
from chancery_ledger.errors import Malformed
from chancery_ledger.hashing import consistency_proof, inclusion_proof, merkle_root
from chancery_ledger.loadfile import load_row
from chancery_ledger.pack_anchors import FILE, TSA, PackAnchor, location
from chancery_ledger.pack_entries import ERASED, HIDDEN, Gap, PackEntry, parse_lines
from chancery_ledger.pack_faults import PackFault, Reason
from chancery_ledger.pack_verifier import verify_pack
from chancery_ledger.pack_writer import Earlier, PackWriter, shown
from chancery_ledger.packing import Container, Manifest
from chancery_ledger.receipts import Receipt
from chancery_ledger.tiles import perfect_subtrees
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

ORIGIN = "log.example/bank"
LOG = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"l" * 32))
OTHER = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"o" * 32))
WITNESS = CosignatureSigner("witness.example", Ed25519PrivateKey.from_private_bytes(b"w" * 32))
POLICY = Policy(LOG.verifier)
KEY = b"k" * 32


def _leaf(n, payload, tenant="bank"):
    sealed = bytes(12) + AESGCM(KEY).encrypt(bytes(12), payload, f"audit/{tenant}/id-{n}".encode())
    kind = "requested" if n % 2 == 0 else "completed"
    leaf = leaf_bytes(
        {
            "v": 1, "id": f"id-{n}", "type": f"chancery.interaction.{kind}.v1", "time": f"2026-11-02T09:00:{n % 60:02d}+00:00",
            "tenant": tenant, "interaction": f"i-{n // 2}", "source": "test", "topic": "t", "partition": 0, "offset": n, "timestamp_ms": 1,
            "payload_sha256": sha256(sealed).hexdigest(),
        }
    )  # fmt: skip
    return leaf, sealed


@cache
def _log(size):
    return tuple(_leaf(n, b'{"text":"\xc3\xbe \xc2\xae line %d"}' % n) for n in range(size))


def _root(log, low=0, high=None):
    return merkle_root([leaf_hash(leaf) for leaf, _ in log[low:high]])


def note(log, signer=LOG, cosigned=False):
    text = Checkpoint(ORIGIN, len(log), _root(log)).text()
    signed = sign_note(text, [signer])
    return add_signatures(signed, [WITNESS.cosign(text, 1)]) if cosigned else signed


def anchors(log):
    """One that keeps the note, and a time stamp, which is not looked into without its authority's root."""
    if len(log) <= 6:
        return []
    at, proof = "2026-11-02T09:00:00+00:00", tuple(consistency_proof([leaf_hash(leaf) for leaf, _ in log], 6))
    return [PackAnchor(FILE, at, note(log[:6]), proof, location(note(log[:6]))), PackAnchor(TSA, at, note(log[:6]), proof, b"stamp")]


def pack(log=None, *, chosen=None, signer=LOG, entries=None, about=(), offsets=((0, 10_000),), receipts=None, checkpoint=None):
    """A pack as the exporter makes it; the words change what a forger would."""
    log = _log(9) if log is None else log
    chosen = range(len(log)) if chosen is None else chosen
    writer = PackWriter(signer)
    hashes = [leaf_hash(leaf) for leaf, _ in log]
    selection = {"interaction": "i-1"} if list(chosen) == [2, 3] else {}
    head = {"log": ORIGIN, "tenant": "bank", "selection": selection, "custody": {"reader": "officer", "time": "2026-11-02"}}
    earlier = [Earlier(note(log[:4]), tuple(consistency_proof(hashes, 4)))] if len(log) > 4 else []
    out = writer.begin(head | dict(about), checkpoint or note(log, cosigned=True), earlier, anchors(log))
    at = 0
    for entry in entries or [shown(n, log[n][0], KEY, log[n][1]) for n in chosen]:
        if entry.seq > at:
            out += writer.gap(Gap(at, entry.seq, tuple(_subtree(log, one) for one in perfect_subtrees(at, entry.seq))))
        out += writer.entry(entry)[0]
        at = entry.seq + 1
    if at < len(log):
        out += writer.gap(Gap(at, len(log), tuple(_subtree(log, one) for one in perfect_subtrees(at, len(log)))))
    accounts = {"offsets": [{"topic": "t", "partition": 0, "ranges": [list(one) for one in offsets]}]}
    made = [Receipt(n, tuple(inclusion_proof(hashes, n)), note(log), log[n][0]) for n in chosen] if receipts is None else receipts
    return out + b"".join(writer.end(accounts, made, [], "<p>report</p>"))


def _subtree(log, place):
    level, index = place
    return _root(log, index << level, (index + 1) << level)


def files(data):
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return [(one, opened.read(one)) for one in opened.namelist()]


def rebuilt(listed, signer=LOG, *, sign=True):
    """A pack of these files; signed again, as only the key's holder can, unless told otherwise."""
    container, manifest = Container(), Manifest(ORIGIN)
    out = b""
    for name, data in listed:
        if name != "manifest":
            manifest.add(name, data)
            out += container.add(name, data)
    kept = dict(listed)["manifest"]
    out += container.add("manifest", sign_note(manifest.text(), [signer]).encode() if sign else kept)
    return out + container.close()


def check(data, policy=POLICY, since=None):
    return verify_pack(io.BytesIO(data), policy, since)


def fault(data, policy=POLICY, since=None):
    with pytest.raises(PackFault) as raised:
        check(data, policy, since)
    return raised.value


class TestAGoodPack:
    @pytest.mark.parametrize("size", [1, 2, 3, 9, 256, 300])
    def test_of_the_whole_log_proves_every_entry(self, size):
        proof = check(pack(_log(size)))
        assert (proof.tally["entries"], proof.gaps, proof.receipts) == (size, 0, size)

    @pytest.mark.parametrize("file", sorted((Path(__file__).parent / "recorded").glob("*.evidence.zip")), ids=lambda file: file.name)
    def test_that_was_written_before_there_were_anchors_still_proves(self, file):
        proof = check(file.read_bytes(), Policy(LOG.verifier, (WITNESS.verifier,)))
        assert (proof.tally["entries"] + proof.gaps, proof.anchors, proof.trusted.checkpoint.size) == (9, (), 9)

    def test_of_one_interaction_proves_its_entries_in_their_places(self):
        seen = []
        data = pack(chosen=[2, 3])
        proof = verify_pack(io.BytesIO(data), POLICY, None, lambda entry, _, payload: seen.append((entry.seq, payload)))
        assert proof.gaps == 7
        assert seen == [(2, b'{"text":"\xc3\xbe \xc2\xae line 2"}'), (3, b'{"text":"\xc3\xbe \xc2\xae line 3"}')]

    def test_that_is_hidden_or_erased_in_part_still_proves(self):
        log = _log(3)
        entries = [PackEntry(0, HIDDEN, log[0][0]), PackEntry(1, ERASED, log[1][0]), PackEntry(2, ERASED, log[2][0], None, log[2][1])]
        assert check(pack(log, entries=entries)).tally["payloads"] == {"shown": 0, "hidden": 1, "erased": 2}

    def test_continues_a_checkpoint_that_the_verifier_kept(self):
        for size in (0, 1, 4, 7, 9):
            assert check(pack(), since=Checkpoint(ORIGIN, size, _root(_log(9)[:size]))).since_checked
        assert not check(pack(chosen=[2, 3]), since=Checkpoint(ORIGIN, 5, _root(_log(5)))).since_checked

    def test_is_witnessed_only_by_witnesses_that_the_verifier_named(self):
        assert not check(pack()).trusted.witnessed
        assert check(pack(receipts=[]), Policy(LOG.verifier, (WITNESS.verifier,), 1)).trusted.witnessed

    def test_has_a_load_file_of_one_line_an_entry_that_no_field_can_break(self):
        text = dict(files(pack()))["load/000000.dat"].decode("utf-8-sig")
        rows = [line.strip("\u00fe").split("\u00fe\x14\u00fe") for line in text.removesuffix("\r\n").split("\r\n")]
        assert len(rows) == 10
        assert {len(row) for row in rows} == {20}
        assert rows[3][0] == "bank-0000000002"
        assert rows[3][-1] == '{"text":"\\u00fe \\u00ae line 2"}'


class TestAForgerWithoutTheKey:
    def test_cannot_change_any_byte(self):
        data, generator = pack(_log(3)), random.Random(7)
        reasons = set()
        for _ in range(400):
            at = generator.randrange(len(data))
            reasons.add(fault(data[:at] + bytes([data[at] ^ 1 << generator.randrange(8)]) + data[at + 1 :]).reason)
        assert len(reasons) > 3

    def test_cannot_change_any_byte_of_the_container(self):
        """Every byte that is no file's content: headers, descriptors, directory, end."""
        data = pack(_log(1))
        inside = set()
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            for one in opened.infolist():
                start = one.header_offset + 30 + len(one.filename)
                inside.update(range(start, start + one.file_size))
        outside = [at for at in range(len(data)) if at not in inside]
        assert len(outside) > 500
        for at in outside:
            for flip in (1, 128):
                fault(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :])

    @pytest.mark.parametrize("extra", [b"\x00", b"PK", b"a comment"])
    def test_cannot_add_bytes_before_or_after_or_a_comment(self, extra):
        data = pack()
        assert fault(data + extra).reason in {Reason.CONTAINER_CHANGED, Reason.NOT_A_PACK}
        fault(extra + data)
        fault(data[:-2] + len(extra).to_bytes(2, "little") + extra)

    def test_cannot_cut_it_off(self):
        data = pack()
        for length in range(0, len(data), 97):
            assert fault(data[:length]).reason is Reason.NOT_A_PACK

    def test_cannot_sign_with_another_key(self):
        assert fault(pack(signer=OTHER)).reason is Reason.MANIFEST_UNSIGNED
        assert fault(rebuilt(files(pack()), OTHER)).reason is Reason.MANIFEST_UNSIGNED

    @pytest.mark.parametrize("name", [name for name, _ in files(pack()) if name != "manifest"])
    def test_cannot_take_away_change_add_or_move_a_file(self, name):
        good = files(pack())
        without = [one for one in good if one[0] != name]
        assert fault(rebuilt(without, sign=False)).reason is Reason.FILE_MISSING
        changed = [(one, data + b" " if one == name else data) for one, data in good]
        assert fault(rebuilt(changed, sign=False)).reason is Reason.FILE_CHANGED
        assert fault(rebuilt([(name + "x", b""), *good], sign=False)).reason is Reason.FILE_UNEXPECTED
        moved = [*without[:-1], (name, dict(good)[name]), without[-1]]
        if [one for one, _ in moved] != [one for one, _ in good]:
            assert fault(rebuilt(moved, sign=False)).reason is Reason.FILES_REORDERED

    def test_cannot_forge_the_manifest(self):
        good = dict(files(pack()))
        good["manifest"] = good["manifest"].replace(b" report.html", b" report.htm_")
        assert fault(rebuilt(list(good.items()), sign=False)).reason is Reason.MANIFEST_FORGED
        good["manifest"] = b"nothing"
        assert fault(rebuilt(list(good.items()), sign=False)).reason is Reason.MANIFEST_MALFORMED


class TestAnExporterWhoSignsWhatTheLogDoesNotHold:
    """The database's owner, whose changes the service exports and signs in good faith."""

    def _edited(self, at, **changes):
        log = list(_log(9))
        leaf, sealed = log[at]
        return log, [
            shown(n, changes.get("leaf", leaf) if n == at else log[n][0], KEY, changes.get("sealed", sealed) if n == at else log[n][1])
            for n in range(9)
        ]

    def test_finds_a_leaf_that_was_changed(self):
        log, entries = self._edited(4, leaf=_log(9)[4][0].replace(b'"source":"test"', b'"source":"tess"'))
        assert fault(pack(log, entries=entries, receipts=[])).reason is Reason.TREE_DIFFERS

    def test_finds_a_payload_that_was_changed(self):
        _, sealed = _leaf(4, b'{"text":"another"}')
        log, entries = self._edited(4, sealed=sealed)
        found = fault(pack(log, entries=entries))
        assert (found.reason, found.where) == (Reason.PAYLOAD_CHANGED, "entry 4")

    def test_finds_an_entry_of_another_tenant_and_one_that_was_not_asked_for(self):
        leaf, sealed = _leaf(4, b"{}", tenant="firm")
        log, entries = self._edited(4, leaf=leaf, sealed=sealed)
        assert fault(pack(log, entries=entries)).reason is Reason.ENTRY_FOREIGN
        data = pack(about={"selection": {"interaction": "i-0"}}.items())
        assert fault(data).reason is Reason.ENTRY_FOREIGN

    def _lines(self, change):
        listed = dict(files(pack()))
        lines = listed["entries/000000.tsv"].splitlines(keepends=True)
        listed["entries/000000.tsv"] = b"".join(change(lines))
        return fault(rebuilt(list(listed.items())))

    def test_finds_entries_taken_away_doubled_moved_or_no_longer_written_as_they_are(self):
        assert self._lines(lambda lines: lines[:3] + lines[4:]).reason is Reason.ENTRY_MISSING
        assert self._lines(lambda lines: lines[:-1]).reason is Reason.LOAD_FILE_DIFFERS
        assert self._lines(lambda lines: lines[:3] + lines[2:]).reason is Reason.ENTRIES_REORDERED
        assert self._lines(lambda lines: [lines[1], lines[0], *lines[2:]]).reason is Reason.ENTRY_MISSING
        assert self._lines(lambda lines: [lines[0].replace(b"\t0\t", b"\t00\t", 1), *lines[1:]]).reason is Reason.ENTRY_MALFORMED
        key = b"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
        other = b"b2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
        assert self._lines(lambda lines: [lines[0].replace(key, other), *lines[1:]]).reason is Reason.PAYLOAD_SEALED

    def test_finds_a_load_file_or_summary_that_says_something_else(self):
        listed = dict(files(pack()))
        listed["load/000000.dat"] = listed["load/000000.dat"].replace(b"line 2", b"line 9")
        assert fault(rebuilt(list(listed.items()))).reason is Reason.LOAD_FILE_DIFFERS
        listed = dict(files(pack()))
        listed["summary.json"] = listed["summary.json"].replace(b'"accepted":5', b'"accepted":4')
        assert fault(rebuilt(list(listed.items()))).reason is Reason.SUMMARY_DIFFERS
        assert fault(pack(offsets=[(0, 5), (7, 7)])).reason is Reason.OFFSET_UNACCOUNTED

    def test_finds_swapped_receipts(self):
        listed = dict(files(pack()))
        one, two = "receipts/0000000001.tlog-proof", "receipts/0000000002.tlog-proof"
        listed[one], listed[two] = listed[two], listed[one]
        assert fault(rebuilt(list(listed.items()))).reason is Reason.RECEIPT_SWAPPED

    def test_finds_a_checkpoint_of_another_key_a_forged_one_and_too_few_witnesses(self):
        assert fault(pack(checkpoint=note(_log(9), OTHER))).reason is Reason.CHECKPOINT_UNSIGNED
        assert fault(pack(checkpoint=note(_log(9)).replace("\n9\n", "\n8\n"))).reason is Reason.CHECKPOINT_FORGED
        assert fault(pack(checkpoint="no checkpoint")).reason is Reason.CHECKPOINT_MALFORMED
        policy = Policy(LOG.verifier, (WITNESS.verifier,), 1)
        assert fault(pack(checkpoint=note(_log(9))), policy).reason is Reason.QUORUM_MISSED

    def test_finds_a_log_that_was_truncated_or_forked_since_a_checkpoint_that_was_kept(self):
        kept = Checkpoint(ORIGIN, 9, _root(_log(9)))
        assert fault(pack(_log(8)), since=kept).reason is Reason.LOG_TRUNCATED
        forked = (_leaf(0, b"{}"), *_log(10)[1:])
        for size in (4, 9, 10):
            assert fault(pack(forked), since=Checkpoint(ORIGIN, size, _root(_log(size)))).reason is Reason.LOG_FORKED

    def test_finds_an_earlier_checkpoint_that_is_not_continued(self):
        listed = dict(files(pack()))
        forked = (_leaf(0, b"{}"), *_log(9)[1:])
        listed["earlier.json"] = dict(files(pack(forked)))["earlier.json"]
        assert fault(rebuilt(list(listed.items()))).reason is Reason.EARLIER_DIFFERS


class TestTheCommand:
    def test_finds_a_load_file_that_is_missing_though_the_key_signed_the_rest(self):
        listed = [one for one in files(pack()) if not one[0].startswith("load/")]
        assert fault(rebuilt(listed)).reason is Reason.FILE_MISSING

    def test_finds_files_in_another_order_though_the_key_signed_it(self):
        listed = files(pack())
        listed[1], listed[2] = listed[2], listed[1]
        assert fault(rebuilt(listed)).reason is Reason.FILES_REORDERED

    @pytest.mark.parametrize("about", [{"custody": {}}, {"custody": {"reader": 1, "time": "t"}}, {"tenant": 7}, {"selection": []}])
    def test_finds_an_about_file_that_does_not_say_who_asked_for_what(self, about):
        assert fault(pack(about=about)).reason is Reason.FILE_MALFORMED

    def test_says_what_is_proved_and_what_not(self, tmp_path, capsys):
        file = tmp_path / "pack"
        file.write_bytes(pack(chosen=[2, 3]))
        assert main(["verify", str(file), "--key", str(LOG.verifier)]) == 0
        said = capsys.readouterr().out
        assert "PROVED: 2 entries of 9" in said
        assert "7 entries of the log are left out" in said
        assert "no witness that you named" in said

    def test_tells_a_pack_that_does_not_hold_from_one_that_cannot_be_judged(self, tmp_path, capsys):
        file = tmp_path / "pack"
        file.write_bytes(pack(signer=OTHER))
        assert main(["verify", str(file), "--key", str(LOG.verifier)]) == 1
        assert "[MANIFEST_UNSIGNED]" in capsys.readouterr().err
        assert main(["verify", str(tmp_path / "none"), "--key", str(LOG.verifier)]) == 2
        assert main(["verify", str(file), "--key", "no key"]) == 2


_FIELDS = st.binary(max_size=6) | st.sampled_from(
    [b"-", b"", b"entry", b"shown", b"hidden", b"erased", b"0", b"12", b"012", b"QQ==", b"QR==", b"QQ=", b"Q Q=="]
)


@given(st.lists(_FIELDS, min_size=5, max_size=5))
def test_an_entry_that_is_read_is_spelt_as_it_is_written(fields):
    line = b"entry\t" + b"\t".join(fields) + b"\n"
    try:
        (found,) = parse_lines(line)
    except Malformed:
        return
    assert found.line() == line


@given(
    st.lists(st.text(max_size=4) | st.sampled_from(["\u00fe", "\u0014", "\u00ae", "\r\n", "\u00fe\u0014\u00fe"]), min_size=20, max_size=20)
)
def test_the_load_file_escapes_whatever_a_field_holds(values):
    escaped = tuple(one.replace("\u00fe", "\\u00fe").replace("\u0014", "\\u0014").replace("\u00ae", "\\u00ae") for one in values)
    escaped = tuple(one.replace("\n", "\u00ae").replace("\r", "") for one in escaped)
    names = ("id", "type", "tenant", "matter", "interaction", "conversation", "causation", "source", "topic", "payload_sha256")
    row = load_row(dict(zip(names, values, strict=False)), 7, "shown", "00", file="f", text=values[-1]).decode()
    cells = row.removeprefix("\u00fe").removesuffix("\u00fe\r\n").split("\u00fe\x14\u00fe")
    place = {"id": 2, "type": 3, "matter": 7, "interaction": 8, "source": 11, "payload_sha256": 17}
    assert len(cells) == 20
    assert [cells[at] for at in place.values()] == [escaped[names.index(name)] for name in place]
    assert cells[-1] == escaped[-1]
