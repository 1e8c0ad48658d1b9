"""Notes, checkpoints, cosignatures, receipts and witnesses: strict to read, and nothing changed goes unnoticed."""

from dataclasses import replace

import pytest
from chancery_ledger import (
    AddCheckpoint,
    Checkpoint,
    CosignatureSigner,
    CosignatureVerifier,
    Ed25519Signer,
    Ed25519Verifier,
    LedgerError,
    Malformed,
    Policy,
    ProofInvalid,
    Receipt,
    SignatureInvalid,
    Unsigned,
    WitnessRefusal,
    accept,
    add_signatures,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    open_note,
    sign_note,
    trust,
    verify_receipt,
)
from chancery_ledger.base64s import decimal, decode64
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

ORIGIN = "log.example/acme"
LOG = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"l" * 32))
WITNESSES = [CosignatureSigner(f"witness.example/{n}", Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in (1, 2, 3)]
POLICY = Policy(LOG.verifier, tuple(one.verifier for one in WITNESSES), quorum=2)
LEAVES = [leaf_hash(bytes([n])) for n in range(11)]


def _checkpoint(size=11):
    return Checkpoint(ORIGIN, size, merkle_root(LEAVES[:size]))


def _signed(size=11, cosigners=0):
    text = _checkpoint(size).text()
    return add_signatures(sign_note(text, [LOG]), [one.cosign(text, 1_800_000_000) for one in WITNESSES[:cosigners]])


class TestNotes:
    def test_the_published_example_of_go(self):
        """golang.org/x/mod/sumdb/note, package documentation."""
        key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
        line = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        verifier = Ed25519Verifier.parse(key)
        assert str(verifier) == key
        assert open_note(f"{text}\n{line}", [verifier]).text == text

    def test_keys_are_read_as_they_are_written(self):
        assert Ed25519Verifier.parse(str(LOG.verifier)).public == LOG.verifier.public
        assert CosignatureVerifier.parse(str(WITNESSES[0].verifier)).key_id == WITNESSES[0].key_id

    @pytest.mark.parametrize(
        "key",
        [
            "",
            "a",
            "a+b",
            f"{ORIGIN}+00000000+AAAA",
            str(LOG.verifier).replace("+", " ", 1),
            str(LOG.verifier)[:-4],
            str(WITNESSES[0].verifier),
        ],
    )
    def test_what_is_no_key_is_refused(self, key):
        with pytest.raises(Malformed):
            Ed25519Verifier.parse(key)

    def test_a_forged_signature_is_told_from_a_missing_one(self):
        forger = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"x" * 32))
        forged = sign_note(_checkpoint().text(), [forger])
        with pytest.raises(Unsigned):
            open_note(forged, [LOG.verifier])
        changed = _signed().replace("\n11\n", "\n12\n")
        with pytest.raises(SignatureInvalid):
            open_note(changed, [LOG.verifier])

    @pytest.mark.parametrize(
        "change",
        [
            lambda note: note[:-1], lambda note: note + "x", lambda note: note + "\n", lambda note: note.replace("\u2014", "-"),
            lambda note: note.replace("\n\n", "\n"), lambda note: note.replace("\u2014 ", "\u2014  "), lambda note: "\x00" + note,
            lambda note: "\ud800" + note, lambda note: note + note.split("\n\n")[1] * 100, lambda note: "",
        ],
    )  # fmt: skip
    def test_what_is_no_note_is_refused(self, change):
        with pytest.raises(Malformed):
            open_note(change(_signed()), [LOG.verifier])

    @given(st.data())
    def test_no_changed_character_goes_unnoticed(self, data):
        note = _signed(cosigners=2)
        at = data.draw(st.integers(0, len(note) - 1))
        other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != note[at]))
        changed = note[:at] + other + note[at + 1 :]
        try:
            trusted = trust(changed, POLICY)
        except LedgerError:
            return
        # A witness' line may be made unknown: then it counts no longer. The log's statement is never another.
        assert trusted.checkpoint == _checkpoint()
        assert len(trusted.witnesses) < 2


class TestCheckpoints:
    @pytest.mark.parametrize(
        "text",
        ["", "a\n", "a\n1\n", f"a\n01\n{'A' * 43}=\n", f"a\n1\n{'A' * 42}B=\n", f"a\n-1\n{'A' * 43}=\n", f"a\n1\n{'A' * 43}=",
         f"a\n1\n{'A' * 43}=\n\n", f"\n1\n{'A' * 43}=\n", f"a\n9223372036854775808\n{'A' * 43}=\n"],
    )  # fmt: skip
    def test_other_spellings_are_refused(self, text):
        with pytest.raises(Malformed):
            Checkpoint.parse(text)

    def test_too_few_witnesses_are_told_and_no_error(self):
        assert trust(_signed(cosigners=1), POLICY).standing == "not yet witnessed"
        trusted = trust(_signed(cosigners=2), POLICY)
        assert trusted.standing == "witnessed"
        assert set(trusted.witnesses.values()) == {1_800_000_000}

    def test_witnesses_alone_do_not_make_a_checkpoint(self):
        text = _checkpoint().text()
        note = text + "\n" + "".join(one.cosign(text, 1).line() for one in WITNESSES)
        with pytest.raises(Unsigned):
            trust(note, POLICY)

    def test_a_time_that_the_witness_did_not_say_is_noticed(self):
        text = _checkpoint().text()
        signature = WITNESSES[0].cosign(text, 5)
        later = replace(signature, signature=(6).to_bytes(8, "big") + signature.signature[8:])
        with pytest.raises(SignatureInvalid):
            trust(add_signatures(sign_note(text, [LOG]), [later]), POLICY)

    def test_one_witness_twice_is_one_witness(self):
        text = _checkpoint().text()
        twice = [WITNESSES[0].cosign(text, 5), WITNESSES[0].cosign(text, 6)]
        assert not trust(add_signatures(sign_note(text, [LOG]), twice), POLICY).witnessed

    def test_another_logs_checkpoint_is_not_this_ones(self):
        text = replace(_checkpoint(), origin="log.example/other").text()
        with pytest.raises(Unsigned):
            trust(sign_note(text, [LOG]), POLICY)


class TestReceipts:
    @pytest.mark.parametrize("extra", [None, b"", b"the leaf"])
    def test_a_receipt_proves_its_entry_and_no_other(self, extra):
        for index, leaf in enumerate(LEAVES):
            text = Receipt(index, tuple(inclusion_proof(LEAVES, index)), _signed(), extra).text()
            receipt = Receipt.parse(text)
            assert receipt.extra == extra
            assert verify_receipt(receipt, leaf, POLICY).checkpoint.size == 11
            with pytest.raises(ProofInvalid):
                verify_receipt(receipt, LEAVES[(index + 1) % 11], POLICY)
            with pytest.raises(ProofInvalid):
                verify_receipt(replace(receipt, index=(index + 1) % 11), leaf, POLICY)

    @given(st.data())
    def test_no_changed_character_goes_unnoticed(self, data):
        text = Receipt(3, tuple(inclusion_proof(LEAVES, 3)), _signed()).text()
        at = data.draw(st.integers(0, len(text) - 1))
        other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != text[at]))
        with pytest.raises(LedgerError):
            verify_receipt(Receipt.parse(text[:at] + other + text[at + 1 :]), LEAVES[3], POLICY)


class TestWitnessing:
    def _ask(self, old, new, seen):
        proof = tuple(consistency_proof(LEAVES[:new], old)) if old else ()
        request = AddCheckpoint.parse(AddCheckpoint(old, proof, _signed(new)).text())
        return accept(request, [LOG.verifier], _checkpoint(seen) if seen is not None else None)

    def test_what_continues_is_accepted(self):
        assert self._ask(0, 4, None) == _checkpoint(4)
        for old in range(1, 11):
            assert self._ask(old, 11, old) == _checkpoint()
        assert self._ask(11, 11, 11) == _checkpoint()

    @pytest.mark.parametrize(("old", "new", "seen", "status"), [(3, 11, 4, 409), (0, 11, 4, 409), (4, 11, None, 409)])
    def test_a_log_that_is_behind_hears_the_size(self, old, new, seen, status):
        with pytest.raises(WitnessRefusal) as refused:
            self._ask(old, new, seen)
        assert (refused.value.status, refused.value.size) == (status, seen or 0)

    def test_a_fork_is_never_cosigned(self):
        forked = Checkpoint(ORIGIN, 11, merkle_root([*LEAVES[:10], leaf_hash(b"another")]))
        note = sign_note(forked.text(), [LOG])
        with pytest.raises(WitnessRefusal) as same_size:
            accept(AddCheckpoint(11, (), note), [LOG.verifier], _checkpoint())
        assert same_size.value.status == 409
        dropped = [leaf_hash(b"another"), *LEAVES[1:]]
        note = sign_note(Checkpoint(ORIGIN, 11, merkle_root(dropped)).text(), [LOG])
        with pytest.raises(WitnessRefusal) as rewritten:
            accept(AddCheckpoint(4, tuple(consistency_proof(dropped, 4)), note), [LOG.verifier], _checkpoint(4))
        assert rewritten.value.status == 422

    def test_strangers_and_forgers(self):
        stranger = Ed25519Signer("log.example/unknown", Ed25519PrivateKey.from_private_bytes(b"s" * 32))
        note = sign_note(replace(_checkpoint(), origin=stranger.name).text(), [stranger])
        with pytest.raises(WitnessRefusal) as unknown:
            accept(AddCheckpoint(0, (), note), [LOG.verifier], None)
        assert unknown.value.status == 404
        forger = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"x" * 32))
        with pytest.raises(WitnessRefusal) as forged:
            accept(AddCheckpoint(0, (), sign_note(_checkpoint().text(), [forger])), [LOG.verifier], None)
        assert forged.value.status == 403

    @pytest.mark.parametrize("body", ["", "old 1", "old -1\n\nx", "old 01\n\nx", "new 1\n\nx", "old 1\nAA\n\nx", "old 12\n\n" + _signed()])
    def test_what_is_no_request_is_a_400(self, body):
        with pytest.raises(WitnessRefusal) as refused:
            accept(AddCheckpoint.parse(body), [LOG.verifier], None)
        assert refused.value.status == 400


@given(st.text(max_size=12))
def test_base64_and_decimals_have_one_spelling(text):
    try:
        data = decode64(text)
    except Malformed:
        pass
    else:
        assert __import__("base64").b64encode(data).decode() == text
    try:
        number = decimal(text)
    except Malformed:
        return
    assert str(number) == text
