"""Kinds of keys: ML-DSA-44 beside Ed25519 in one note, and a kind that only this test knows."""

import hmac
from dataclasses import replace

import pytest
from chancery_ledger import (
    LOG_KINDS,
    NOTE_KINDS,
    WITNESS_KINDS,
    Checkpoint,
    CosignatureSigner,
    Ed25519Signer,
    LedgerError,
    Malformed,
    MlDsaSigner,
    Policy,
    Receipt,
    Signature,
    SignatureInvalid,
    Unsigned,
    add_signatures,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    open_note,
    sign_note,
    trust,
    verifier_key,
    verify_receipt,
)
from chancery_ledger.notes import VerifierKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

ORIGIN = "log.example/acme"
ED25519 = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"l" * 32))
MLDSA = MlDsaSigner(ORIGIN, MLDSA44PrivateKey.from_seed_bytes(b"l" * 32))
ED25519_WITNESS = CosignatureSigner("witness.example/1", Ed25519PrivateKey.from_private_bytes(b"w" * 32))
MLDSA_WITNESS = MlDsaSigner("witness.example/2", MLDSA44PrivateKey.from_seed_bytes(b"w" * 32))
LEAVES = [leaf_hash(bytes([n])) for n in range(11)]
TREE = Checkpoint(ORIGIN, 11, merkle_root(LEAVES))
NOW = 1_800_000_000


class KeyedHash(VerifierKey):
    """A kind of this test's own, among those that C2SP keeps free (fa to fe)."""

    KIND = 0xFA
    LENGTH = 16

    def holds(self, text, signature):
        return hmac.compare_digest(self.sign(text).signature, signature)

    def sign(self, text):
        return Signature(self.name, self.key_id, hmac.digest(self.public, text.encode(), "sha256"))


class TestASecondAlgorithm:
    """ML-DSA-44, and one that is added by a line in a table: signed, written, read, verified, and passed over where nobody asks for it."""

    @pytest.mark.parametrize(
        ("signer", "kinds"),
        [(MLDSA, LOG_KINDS), (KeyedHash(ORIGIN, b"k" * 16), {**LOG_KINDS, KeyedHash.KIND: KeyedHash.parse})],
        ids=["mldsa", "own"],
    )
    def test_goes_end_to_end_beside_ed25519(self, signer, kinds):
        key = verifier_key(str(getattr(signer, "verifier", signer)), kinds)
        note = sign_note(TREE.text(), [ED25519, signer])
        assert trust(note, Policy(key)).checkpoint == TREE
        assert trust(note, Policy(verifier_key(str(ED25519.verifier), kinds))).checkpoint == TREE
        opened = open_note(note, [key, ED25519.verifier])
        assert (len(opened.verified), opened.others) == (2, ())
        alone = open_note(note, [ED25519.verifier])
        assert [one.key_id for one in alone.others] == [key.key_id]
        with pytest.raises(SignatureInvalid):
            open_note(note.replace("\n11\n", "\n12\n"), [key])
        receipt = Receipt.parse(Receipt(3, tuple(inclusion_proof(LEAVES, 3)), note).text())
        assert verify_receipt(receipt, LEAVES[3], Policy(key)).checkpoint == TREE

    def test_is_not_read_where_the_table_does_not_have_it(self):
        key = str(KeyedHash(ORIGIN, b"k" * 16))
        with pytest.raises(Malformed, match="kind fa where 01, 06 is expected"):
            verifier_key(key, LOG_KINDS)
        with pytest.raises(Malformed, match="kind 06 where 01 is expected"):
            verifier_key(str(MLDSA.verifier), NOTE_KINDS)
        with pytest.raises(Malformed):
            verifier_key(str(ED25519.verifier), WITNESS_KINDS)

    def test_does_not_stand_in_for_the_one_that_was_asked_for(self):
        with pytest.raises(Unsigned):
            trust(sign_note(TREE.text(), [MLDSA]), Policy(ED25519.verifier))
        with pytest.raises(Unsigned):
            trust(sign_note(TREE.text(), [ED25519]), Policy(MLDSA.verifier))


class TestMlDsa:
    POLICY = Policy(MLDSA.verifier, (ED25519_WITNESS.verifier, MLDSA_WITNESS.verifier), quorum=2)

    def _note(self, time_s=NOW):
        witnesses = [ED25519_WITNESS.cosign(TREE.text(), NOW), MLDSA_WITNESS.cosign(TREE.text(), time_s)]
        return add_signatures(sign_note(TREE.text(), [MLDSA]), witnesses)

    def test_signs_what_the_specification_says(self):
        """C2SP tlog-cosignature: key id over kind 06 and 1,312 bytes; `cosigned_message` of a whole tree, timestamp in front."""
        signature = MLDSA_WITNESS.cosign(TREE.text(), NOW).signature
        message = (
            b"subtree/v1\n\0" + bytes([17]) + b"witness.example/2" + NOW.to_bytes(8, "big")
            + bytes([16]) + b"log.example/acme" + bytes(8) + (11).to_bytes(8, "big") + TREE.root
        )  # fmt: skip
        assert (len(signature), signature[:8]) == (2428, NOW.to_bytes(8, "big"))
        MLDSA44PrivateKey.from_seed_bytes(b"w" * 32).public_key().verify(signature[8:], message)

    def test_makes_witnesses_of_both_kinds_count(self):
        trusted = trust(self._note(), self.POLICY)
        assert trusted.witnesses == {"witness.example/1": NOW, "witness.example/2": NOW}
        assert trusted.witnessed

    def test_without_a_time_vouches_for_the_tree_and_is_no_witness(self):
        assert trust(self._note(time_s=0), self.POLICY).standing == "not yet witnessed"

    def test_binds_the_cosigners_name(self):
        """Unlike kind 04: another name under the same key is another signature."""
        other = MlDsaSigner("witness.example/3", MLDSA44PrivateKey.from_seed_bytes(b"w" * 32))
        moved = replace(other.cosign(TREE.text(), NOW), name=MLDSA_WITNESS.name, key_id=MLDSA_WITNESS.key_id)
        with pytest.raises(SignatureInvalid):
            trust(add_signatures(sign_note(TREE.text(), [MLDSA]), [moved]), self.POLICY)

    def test_leaves_no_line_of_a_checkpoint_unsigned(self):
        with pytest.raises(Malformed):
            MLDSA.sign(replace(TREE, extensions=("more",)).text())
        with pytest.raises(Malformed):
            MLDSA.sign("any text\n")
        text, lines = self._note().split("\n\n")
        with pytest.raises(SignatureInvalid):
            trust(f"{text}\nmore\n\n{lines}", self.POLICY)

    @given(st.data())
    def test_no_changed_character_goes_unnoticed(self, data):
        note = self._note()
        at = data.draw(st.integers(0, len(note) - 1))
        other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != note[at]))
        try:
            trusted = trust(note[:at] + other + note[at + 1 :], self.POLICY)
        except LedgerError:
            return
        assert trusted.checkpoint == TREE
        assert len(trusted.witnesses) < 2
