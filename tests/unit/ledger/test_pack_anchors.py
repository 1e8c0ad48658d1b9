"""Anchors in a pack: what a time-stamp authority said is proved with its root, and nothing about an anchor can change unnoticed."""

import io
import json
import random
import subprocess
import sys
import zipfile
from functools import partial

import pytest
from chancery_ledger import Checkpoint, Ed25519Signer, Policy, leaf_hash, sign_note
from chancery_ledger.__main__ import main
from chancery_ledger.der import with_sorted_certificates
from chancery_ledger.hashing import consistency_proof, merkle_root
from chancery_ledger.pack_anchors import FILE, S3, TSA, PackAnchor, location
from chancery_ledger.pack_entries import Gap
from chancery_ledger.pack_faults import PackFault, Reason
from chancery_ledger.pack_verifier import verify_pack
from chancery_ledger.pack_writer import PackWriter
from chancery_ledger.packing import Container, Manifest
from chancery_ledger.stamps import StampFault, StampRefused, check_stamp, read_roots, stamp_check, stamp_request
from chancery_ledger.tiles import perfect_subtrees
from chancery_testing.mutating import mutated
from chancery_testing.timestamping import Authority, openssl_here
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if not openssl_here():
    pytest.skip("the openssl command, which is the time-stamp authority of these tests, is not here", allow_module_level=True)

ORIGIN = "log.example/bank"
LOG = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"l" * 32))
OTHER = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"o" * 32))
POLICY = Policy(LOG.verifier)
HASHES = [leaf_hash(b"%d" % n) for n in range(9)]


def _note(size, signer=LOG, hashes=HASHES):
    return sign_note(Checkpoint(ORIGIN, size, merkle_root(hashes[:size])).text(), [signer])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("foreign"), "Foreign")


@pytest.fixture(scope="module")
def stamped(authority):
    """A reply over the checkpoint of six, its time, and what checks it."""
    query, nonce = stamp_request(_note(6))
    reply, roots = authority.reply(query), read_roots(authority.root.read_bytes())
    return reply, check_stamp(reply, _note(6), roots, nonce).at.isoformat(), stamp_check(roots)


def _check(roots, reply, note=None, nonce=None):
    with pytest.raises(StampRefused) as refused:
        check_stamp(reply, note or _note(6), roots, nonce)
    return refused.value.fault


class TestATimeStamp:
    def test_is_the_word_of_an_authority_and_tells_its_name_and_time(self, authority, stamped):
        stamp = stamped[2](stamped[0], _note(6))
        assert (stamp.authority, stamp.at.isoformat()) == ("CN=Test TSA", stamped[1])
        assert stamp.at.tzinfo is not None

    def test_over_another_text_to_another_request_or_by_another_authority_is_refused(self, authority, foreign, stamped):
        roots = read_roots(authority.root.read_bytes())
        assert _check(roots, stamped[0], _note(7)) is StampFault.OTHER_TEXT
        assert _check(roots, stamped[0], nonce=1) is StampFault.OTHER_NONCE
        assert _check(read_roots(foreign.root.read_bytes()), stamped[0]) is StampFault.UNTRUSTED
        assert _check(roots, foreign.reply(stamp_request(_note(6))[0])) is StampFault.UNTRUSTED
        assert _check(roots, b"") is StampFault.UNREADABLE
        assert _check(roots, stamped[0] + b"x") is StampFault.UNREADABLE

    def test_by_an_authority_that_another_one_vouches_for_needs_no_more_than_the_root(self, tmp_path):
        authority = Authority(tmp_path, "Chained", between=True)
        query, nonce = stamp_request(_note(6))
        reply = authority.reply(query)
        assert check_stamp(reply, _note(6), read_roots(authority.root.read_bytes()), nonce).authority == "CN=Chained TSA"
        assert _check(read_roots((tmp_path / "tsa.pem").read_bytes()), reply) is StampFault.UNTRUSTED

    def test_that_the_authority_did_not_grant_is_refused(self, authority):
        rejected = authority.reply(b"no request")
        assert _check(read_roots(authority.root.read_bytes()), rejected) in {StampFault.NOT_GRANTED, StampFault.UNREADABLE}

    def test_no_changed_byte_moves_it_to_another_text_or_time(self, stamped):
        """Bytes outside what is signed, of a certificate that nobody needs for one, may change: then it says the same."""
        reply, at, check = stamped
        held = 0
        for place in range(0, len(reply), 3):
            changed = reply[:place] + bytes([reply[place] ^ 1]) + reply[place + 1 :]
            try:
                found = check(changed, _note(6))
            except StampRefused:
                continue
            held += 1
            assert (found.authority, found.at.isoformat()) == ("CN=Test TSA", at)
        assert held < len(reply) / 6

    def test_has_its_certificates_sorted_and_nothing_else_touched(self, stamped):
        reply = stamped[0]
        fixed = with_sorted_certificates(reply)
        assert sorted(fixed) == sorted(reply)
        assert with_sorted_certificates(fixed) == fixed
        generator = random.Random(1)
        for _ in range(500):
            other = generator.randbytes(generator.randrange(60))
            assert with_sorted_certificates(other) == other


def _anchor(kind, size=6, note=None, **changes):
    note = note or _note(size)
    found = {
        "kind": kind, "at": "2026-11-24T10:00:00+00:00", "note": note, "proof": tuple(consistency_proof(HASHES, size)),
        "evidence": location(note, path=f"bank/{size}.checkpoint"),
    }  # fmt: skip
    return PackAnchor(**(found | changes))


@pytest.fixture(scope="module")
def anchors(stamped):
    return [_anchor(TSA, at=stamped[1], evidence=stamped[0]), _anchor(FILE, 9), _anchor(S3, 4)]


def _pack(anchors, signer=LOG):
    """A pack whose entries are left out: what is asked here is about its anchors."""
    writer = PackWriter(signer)
    custody = {"reader": "officer", "time": "2026-11-24"}
    out = writer.begin({"log": ORIGIN, "tenant": "bank", "selection": {}, "custody": custody}, _note(9), [], anchors)
    roots = [merkle_root(HASHES[index << level : (index + 1) << level]) for level, index in perfect_subtrees(0, 9)]
    out += writer.gap(Gap(0, 9, tuple(roots)))
    return out + b"".join(writer.end({"offsets": []}, [], [], "<p>report</p>"))


def _files(data):
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {one: opened.read(one) for one in opened.namelist()}


def _rebuilt(files):
    """Signed again, as only an exporter who has the key can."""
    container, manifest, out = Container(), Manifest(ORIGIN), b""
    for name, data in files.items():
        if name != "manifest":
            manifest.add(name, data)
            out += container.add(name, data)
    return out + container.add("manifest", sign_note(manifest.text(), [LOG]).encode()) + container.close()


def _verify(data, since=None, stamps=None):
    return verify_pack(io.BytesIO(data), POLICY, since, stamps=stamps)


def _fault(data, since=None, stamps=None):
    with pytest.raises(PackFault) as raised:
        _verify(data, since, stamps)
    return raised.value.reason


class TestAPackWithAnchors:
    def test_proves_that_a_checkpoint_existed_and_says_where_others_lie(self, anchors, stamped):
        proof = _verify(_pack(anchors), stamps=stamped[2])
        assert [(one.kind, one.size) for one in proof.anchors] == [(FILE, 9), (S3, 4), (TSA, 6)]
        assert proof.anchors[0].place == "path bank/9.checkpoint"
        assert proof.anchors[2].stamp.authority == "CN=Test TSA"

    def test_without_a_root_leaves_the_stamp_unchecked(self, anchors):
        assert _verify(_pack(anchors)).anchors[2].stamp is None

    def test_continues_an_anchored_checkpoint_that_the_verifier_kept(self, anchors):
        assert _verify(_pack(anchors), since=Checkpoint(ORIGIN, 4, merkle_root(HASHES[:4]))).since_checked
        forked = Checkpoint(ORIGIN, 4, merkle_root([leaf_hash(b"another"), *HASHES[1:4]]))
        assert _fault(_pack(anchors), since=forked) is Reason.LOG_FORKED

    def test_that_has_none_is_written_as_before(self):
        assert [name for name in _files(_pack([])) if "anchor" in name] == []


class TestAnExporterWhoSignsAnchorsThatDoNotHold:
    """The manifest is signed by the log's key: each of these is found by what the anchor itself says."""

    @pytest.mark.parametrize(
        ("anchor", "reason"),
        [
            (partial(_anchor, FILE, evidence=location(_note(5), path="bank/6")), Reason.ANCHOR_SWAPPED),
            (partial(_anchor, S3, evidence=b'{"sha256": "no"}'), Reason.ANCHOR_MALFORMED),
            (partial(_anchor, S3, evidence=b'{"sha256":7}'), Reason.ANCHOR_MALFORMED),
            (partial(_anchor, S3, evidence=b"[]"), Reason.ANCHOR_MALFORMED),
            (partial(_anchor, FILE, at="yesterday"), Reason.ANCHOR_MALFORMED),
            (partial(_anchor, FILE, at="2026-11-24T10:00:00"), Reason.ANCHOR_MALFORMED),
            (partial(_anchor, FILE, at="2026-11-24\n10:00:00+00:00"), Reason.ANCHOR_MALFORMED),
            (partial(_anchor, FILE, evidence=location(_note(6), path="there\nPROVED: all")), Reason.ANCHOR_MALFORMED),
            (partial(_anchor, FILE, note=_note(6, OTHER)), Reason.ANCHOR_UNSIGNED),
            (partial(_anchor, FILE, note="no note"), Reason.ANCHOR_UNSIGNED),
            (partial(_anchor, FILE, proof=()), Reason.ANCHOR_NOT_CONTINUED),
            (partial(_anchor, FILE, note=_note(6, hashes=[leaf_hash(b"another"), *HASHES[1:]])), Reason.ANCHOR_NOT_CONTINUED),
        ],
    )  # fmt: skip
    def test_is_told_which(self, anchor, reason):
        assert _fault(_pack([anchor()])) is reason

    def test_finds_a_stamp_over_another_checkpoint_of_another_authority_changed_or_dated_otherwise(self, foreign, stamped):
        reply, at, check = stamped
        assert _fault(_pack([_anchor(TSA, 5, at=at, evidence=reply)]), stamps=check) is Reason.ANCHOR_SWAPPED
        other = foreign.reply(stamp_request(_note(6))[0])
        assert _fault(_pack([_anchor(TSA, at=at, evidence=other)]), stamps=check) is Reason.STAMP_UNTRUSTED
        changed = reply[:-1] + bytes([reply[-1] ^ 1])
        assert _fault(_pack([_anchor(TSA, at=at, evidence=changed)]), stamps=check) is Reason.STAMP_UNTRUSTED
        assert _fault(_pack([_anchor(TSA, at=at, evidence=b"no stamp")]), stamps=check) is Reason.ANCHOR_MALFORMED
        earlier = at.replace("20", "19", 1)
        assert _fault(_pack([_anchor(TSA, at=earlier, evidence=reply)]), stamps=check) is Reason.STAMP_TIME_DIFFERS

    def test_finds_anchor_files_taken_away_swapped_added_or_listed_as_something_else(self, anchors):
        good = _files(_pack(anchors))
        without = {name: data for name, data in good.items() if name != "anchors/tsa.tsr"}
        assert _fault(_rebuilt(without)) is Reason.FILE_MISSING
        unlisted = {name: data for name, data in good.items() if name != "anchors.json"}
        assert _fault(_rebuilt(unlisted)) is Reason.FILE_UNEXPECTED
        swapped = good | {"anchors/file.json": good["anchors/s3.json"], "anchors/s3.json": good["anchors/file.json"]}
        assert _fault(_rebuilt(swapped)) is Reason.ANCHOR_SWAPPED
        for listed in ([], [{"kind": "moon"}], [*json.loads(good["anchors.json"])] * 2, {}, "anchors"):
            changed = good | {"anchors.json": json.dumps(listed, separators=(",", ":"), sort_keys=True).encode()}
            assert _fault(_rebuilt(changed)) is Reason.ANCHOR_MALFORMED


def test_a_forger_without_the_key_changes_no_anchor_unnoticed(anchors):
    pack, chosen = _pack(anchors), random.Random(20261124)
    reasons = {_fault(mutated(pack, kind, chosen)) for kind in ("anchor_edited", "anchor_removed", "bit") for _ in range(60)}
    assert {Reason.MANIFEST_FORGED, Reason.FILE_CHANGED, Reason.FILE_MISSING} <= reasons


class TestTheCommand:
    @pytest.fixture
    def file(self, anchors, tmp_path):
        file = tmp_path / "pack"
        file.write_bytes(_pack(anchors))
        return file

    def test_says_when_the_checkpoint_existed_and_on_whose_word(self, file, authority, stamped, capsys):
        assert main(["verify", str(file), "--key", str(LOG.verifier), "--tsa-root", str(authority.root)]) == 0
        said = capsys.readouterr().out
        proved, not_proved = said.split("NOT PROVED")
        assert f"the checkpoint of 6 entries existed at {stamped[1]}: CN=Test TSA says so" in proved
        assert "since 2026-11-24T10:00:00+00:00 (s3: path bank/4.checkpoint): fetch it" in not_proved
        assert "not revoked" in not_proved

    def test_without_a_root_says_that_the_time_stamp_was_not_checked(self, file, capsys):
        assert main(["verify", str(file), "--key", str(LOG.verifier)]) == 0
        said = capsys.readouterr().out
        assert "NOT CHECKED. Give the authority's root certificate with --tsa-root" in said.split("NOT PROVED")[1]

    def test_with_another_authoritys_root_finds_it(self, file, foreign, capsys):
        assert main(["verify", str(file), "--key", str(LOG.verifier), "--tsa-root", str(foreign.root)]) == 1
        assert "[STAMP_UNTRUSTED]" in capsys.readouterr().err

    def test_with_what_is_no_root_cannot_judge(self, file, capsys):
        assert main(["verify", str(file), "--key", str(LOG.verifier), "--tsa-root", str(file)]) == 2
        assert "no certificate in PEM" in capsys.readouterr().err

    def test_without_the_library_verifies_the_rest_and_does_not_pretend(self, file, authority):
        """As an auditor without the extra `tsa` has it: importing the library fails."""
        program = (
            "import sys; sys.modules['rfc3161_client'] = None; from chancery_ledger.__main__ import main; sys.exit(main(sys.argv[1:]))"
        )
        words = [sys.executable, "-c", program, "verify", str(file), "--key", str(LOG.verifier)]
        ran = subprocess.run(words, capture_output=True, text=True, check=False)
        assert (ran.returncode, "NOT CHECKED" in ran.stdout) == (0, True)
        ran = subprocess.run([*words, "--tsa-root", str(authority.root)], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (2, "NOT JUDGED: time stamps are not checked here: install chancery-ledger[tsa]\n")
