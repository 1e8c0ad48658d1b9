"""Attestation documents: the right one is believed, every wrong one is refused, and the reason says why."""

import hashlib
import random
from collections import Counter
from datetime import timedelta

import cbor2
import pytest
from chancery_contracts.bodies.models import AttestationPolicy
from chancery_generation.domain.attestation.roots import ROOT_PEM, ROOT_SHA256, aws_root, root_from_pem
from chancery_generation.domain.attestation.verifying import Expected, verify_document
from chancery_generation.errors import AttestationRefused
from chancery_testing import nitro
from chancery_testing.builders import T0
from chancery_testing.mutating_attestation import CHANGES, Right, mutated
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")  # of flipped bits; its signature is refused a step later
MUTATIONS = 1_000
POLICY = AttestationPolicy(url="https://enclave.test/attestation", pcrs={"0": (nitro.IMAGE.hex(),), "8": (nitro.SIGNER.hex(),)})


@pytest.fixture(scope="module")
def right() -> Right:
    return Right(nitro.chain(T0), T0, nitro.some_nonce(), nitro.spki(ec.generate_private_key(ec.SECP256R1())))


@pytest.fixture(scope="module")
def expected(right: Right) -> Expected:
    return Expected(right.chain.root.der, POLICY, right.nonce, T0)


def reason(document: bytes, expected: Expected) -> str:
    with pytest.raises(AttestationRefused) as refused:
        verify_document(document, expected)
    return str(refused.value)


class TestRightDocuments:
    def test_what_it_proves(self, right: Right, expected: Expected) -> None:
        evidence = verify_document(right.document(), expected)
        assert evidence.module_id.startswith("i-") and evidence.attested_at == T0
        assert evidence.channel_key_sha256 == hashlib.sha256(right.public_key).hexdigest()
        assert evidence.document_sha256 != hashlib.sha256(b"").hexdigest()

    def test_with_its_tag_and_with_a_map_of_no_stated_length(self, right: Right, expected: Expected) -> None:
        verify_document(b"\xd2" + right.document(), expected)
        pairs = b"".join(cbor2.dumps(name) + cbor2.dumps(value) for name, value in right.fields.items())
        verify_document(nitro.sign(b"\xbf" + pairs + b"\xff", right.chain.leaf.key), expected)

    def test_until_the_last_second_and_with_a_clock_a_little_ahead(self, right: Right, expected: Expected) -> None:
        for age_s in (300, -30):
            at = round((T0 - timedelta(seconds=age_s)).timestamp() * 1000)
            verify_document(right.document(timestamp=at), expected)

    def test_one_of_several_allowed_images(self, right: Right, expected: Expected) -> None:
        policy = POLICY.model_copy(update={"pcrs": {"0": (bytes([9] * 48).hex(), nitro.IMAGE.hex().upper())}})
        verify_document(right.document(), Expected(expected.root, policy, expected.nonce, T0))


class TestWrongDocuments:
    def test_every_one_of_a_thousand_is_refused(self, right: Right, expected: Expected) -> None:
        accepted: Counter[str] = Counter()
        seen: Counter[str] = Counter()
        for number in range(MUTATIONS):
            kind, document = mutated(right, number)
            seen[kind] += 1
            try:
                verify_document(document, expected)
            except AttestationRefused:
                continue
            accepted[kind] += 1
        assert not accepted, accepted
        assert set(seen) == set(CHANGES)

    def test_every_bit_of_a_document_counts(self, right: Right, expected: Expected) -> None:
        document = right.document()
        for at in range(0, len(document) * 8, 7):  # a prime to 8: each bit of a byte has its turn
            changed = bytearray(document)
            changed[at // 8] ^= 1 << (at % 8)
            reason(bytes(changed), expected)

    @given(st.binary(max_size=300))
    def test_anything_else_is_refused_in_our_words(self, data: bytes) -> None:
        with pytest.raises(AttestationRefused):
            verify_document(data, Expected(b"root", POLICY, b"", T0))

    def test_too_large_a_document_is_not_read(self, expected: Expected) -> None:
        assert "16384" in reason(bytes(16_385), expected)


class TestReasons:
    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("debug", "debug mode"), ("half_debug", "debug mode"), ("other_image", "PCR0"), ("other_nonce", "nonce"),
            ("too_old", "older"), ("from_the_future", "future"), ("another_root", "pinned root"), ("signed_by_another", "signature"),
            ("another_root_behind_ours", "not issued by"), ("field_twice", "twice"), ("payload_longer", "after its end"),
            ("headers", "ES384"), ("unprotected", "unprotected"), ("field_unknown", "not known"),
        ],
    )  # fmt: skip
    def test_says_what_is_wrong(self, right: Right, expected: Expected, kind: str, words: str) -> None:
        assert words in reason(CHANGES[kind](right, random.Random(1)), expected)

    def test_an_expired_certificate(self, right: Right, expected: Expected) -> None:
        made = nitro.chain(T0, lives=timedelta(minutes=30))
        document = nitro.sign(nitro.fields(made, T0, right.nonce, right.public_key), made.leaf.key)
        assert "expired" in reason(document, Expected(made.root.der, POLICY, right.nonce, T0))

    def test_a_certificate_that_expired_since(self, right: Right) -> None:
        made = nitro.chain(T0, lives=timedelta(minutes=62))
        document = nitro.sign(nitro.fields(made, T0, right.nonce, right.public_key), made.leaf.key)
        assert "expired" in reason(document, Expected(made.root.der, POLICY, right.nonce, T0 + timedelta(minutes=4)))


class TestPolicies:
    @pytest.mark.parametrize(
        ("pcrs", "words"),
        [
            ({}, "must pin"), ({"3": ("11" * 48,)}, "must pin"), ({"0": ()}, "48 bytes"), ({"0": ("00" * 48,)}, "all zeros"),
            ({"0": ("11" * 47,)}, "48 bytes"), ({"0": ("zz",)}, "hexadecimal"), ({"zero": ("11" * 48,)}, "hexadecimal"),
        ],
    )  # fmt: skip
    def test_one_that_lets_in_anybody_refuses(self, right: Right, expected: Expected, pcrs: dict[str, tuple[str, ...]], words: str) -> None:
        policy = POLICY.model_copy(update={"pcrs": pcrs})
        assert words in reason(right.document(), Expected(expected.root, policy, expected.nonce, T0))

    def test_a_register_that_the_document_lacks(self, right: Right, expected: Expected) -> None:
        policy = POLICY.model_copy(update={"pcrs": POLICY.pcrs | {"20": ("11" * 48,)}})
        assert "PCR20" in reason(right.document(), Expected(expected.root, policy, expected.nonce, T0))


class TestRoot:
    def test_the_built_in_one_is_the_one_whose_hash_aws_states(self) -> None:
        assert aws_root() == root_from_pem(ROOT_PEM) and len(ROOT_SHA256) == 64

    def test_anything_else_is_no_root(self) -> None:
        with pytest.raises(AttestationRefused):
            root_from_pem("not a certificate")
