"""Attestation documents gone wrong: damaged in transit, forged, of another enclave, out of time. Each kind names what is wrong.

Not among them: the tag that COSE allows, and `(r, n − s)` for `(r, s)`: the same statement in another form, which Nitro itself may use.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from chancery_testing import nitro
from chancery_testing.nitro import Chain, Wish


@dataclass(frozen=True)
class Right:
    """A document that is right, and what it is made of."""

    chain: Chain
    now: datetime
    nonce: bytes
    public_key: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """Fresh."""
        return nitro.fields(self.chain, self.now, self.nonce, self.public_key)

    def document(self, **changed: Any) -> bytes:
        """Signed by the leaf, with other fields."""
        return nitro.sign(self.fields | changed, self.chain.leaf.key)


Change = Callable[[Right, random.Random], bytes]


def _flip(right: Right, chosen: random.Random) -> bytes:
    data = bytearray(right.document())
    data[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)
    return bytes(data)


def _bytes(right: Right, chosen: random.Random) -> bytes:
    data = right.document()
    at, length = chosen.randrange(len(data)), chosen.randrange(1, 9)
    new = chosen.randbytes(length)
    return data[:at] + (new if data[at : at + length] != new else b"") + data[at + length :]


def _truncated(right: Right, chosen: random.Random) -> bytes:
    data = right.document()
    return data[: chosen.randrange(len(data))]


def _longer(right: Right, chosen: random.Random) -> bytes:
    return right.document() + chosen.randbytes(chosen.randrange(1, 40))


def _cut_out(right: Right, chosen: random.Random) -> bytes:
    data = right.document()
    at = chosen.randrange(len(data) - 1)
    return data[:at] + data[at + chosen.randrange(1, 60) :]


def _payload_changed(right: Right, chosen: random.Random) -> bytes:
    """Another field under the old signature."""
    protected, unprotected, payload, signature = cbor2.loads(right.document())
    fields = cbor2.loads(payload)
    fields["pcrs"][chosen.choice((0, 1, 2, 8))] = chosen.randbytes(48)
    return cbor2.dumps([protected, unprotected, cbor2.dumps(fields), signature])


def _signed_by_another(right: Right, _: random.Random) -> bytes:
    return nitro.sign(right.fields, ec.generate_private_key(ec.SECP384R1()))


def _signed_by_an_authority(right: Right, chosen: random.Random) -> bytes:
    return nitro.sign(right.fields, chosen.choice(right.chain.authorities).key)


def _of_another_root(right: Right, _: random.Random) -> bytes:
    """All is right but for whose root it is."""
    other = nitro.chain(right.now)
    return nitro.sign(nitro.fields(other, right.now, right.nonce, right.public_key), other.leaf.key)


def _other_root_behind_the_pinned(right: Right, _: random.Random) -> bytes:
    other = nitro.chain(right.now)
    changed = {"cabundle": [right.chain.root.der, *other.bundle[1:]], "certificate": other.leaf.der}
    return nitro.sign(right.fields | changed, other.leaf.key)


def _headers(right: Right, chosen: random.Random) -> bytes:
    wrong = chosen.choice([{1: -7}, {1: -36}, {}, {1: -35, 4: b"k"}, {1: "ES384"}, {2: -35}])
    return nitro.sign(right.fields, right.chain.leaf.key, cbor2.dumps(wrong))


def _unprotected(right: Right, chosen: random.Random) -> bytes:
    parts = cbor2.loads(right.document())
    parts[1] = chosen.choice([{1: -35}, {4: b"k"}, {33: right.chain.leaf.der}, [], None])
    return bytes(cbor2.dumps(parts))


def _structure(right: Right, chosen: random.Random) -> bytes:
    parts = cbor2.loads(right.document())
    wrong: list[Any] = [
        parts[:3], [*parts, b""], parts[::-1], {"doc": parts}, cbor2.CBORTag(98, parts),
        cbor2.CBORTag(18, cbor2.CBORTag(18, parts)), [parts[0], parts[1], cbor2.loads(parts[2]), parts[3]], [*parts[:3], parts[3][:95]],
        [*parts[:3], bytes(96)], [*parts[:3], parts[3] * 2],
    ]  # fmt: skip
    return bytes(cbor2.dumps(chosen.choice(wrong)))


def _not_shortest(right: Right, chosen: random.Random) -> bytes:
    """The same items, written at greater length."""
    data = right.document()
    longer = [b"\x98\x04" + data[1:], b"\x9f" + data[1:] + b"\xff", data[:1] + b"\x58\x04" + data[2:], b"\xd8\x12" + data]
    return chosen.choice(longer)


def _without_a_field(right: Right, chosen: random.Random) -> bytes:
    fields = right.fields
    del fields[chosen.choice(["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle", "public_key", "nonce"])]
    return nitro.sign(fields, right.chain.leaf.key)


def _with_a_field(right: Right, chosen: random.Random) -> bytes:
    return right.document(**{chosen.choice(["debug", "pcr", "Nonce", "public key", ""]): chosen.randbytes(4)})


def _field_twice(right: Right, chosen: random.Random) -> bytes:
    items = list(right.fields.items())
    items.insert(chosen.randrange(len(items)), chosen.choice(items))
    return nitro.sign(nitro.pairs(items), right.chain.leaf.key)


def _payload_longer(right: Right, chosen: random.Random) -> bytes:
    return nitro.sign(cbor2.dumps(right.fields) + chosen.randbytes(chosen.randrange(1, 9)), right.chain.leaf.key)


_WRONG: dict[str, list[Any]] = {
    "module_id": ["", 7, b"i-0", "x" * 300, None, "a\nb"],
    "digest": ["SHA256", "SHA512", "sha384", b"SHA384", None],
    "timestamp": [0, -1, "now", 1.5e12, True, 2**63, None, 1],
    "pcrs": [{}, [], {32: bytes(48)}, {-1: bytes(48)}, {"0": nitro.IMAGE}, {0: nitro.IMAGE[:47]}, {0: nitro.IMAGE.hex()}, None],
    "certificate": [b"", b"x", 1, None, bytes(1025)],
    "cabundle": [[], b"", [b""], ["pem"], None, [b"x"], [bytes(10)] * 9],
    "public_key": [b"", "key", bytes(1025), 5, None],
    "user_data": ["text", 5, bytes(1025)],
    "nonce": [b"", "n", bytes(1025), bytes(32), None],
}


def _wrong_type(right: Right, chosen: random.Random) -> bytes:
    name = chosen.choice(list(_WRONG))
    return right.document(**{name: chosen.choice(_WRONG[name])})


def _debug(right: Right, _: random.Random) -> bytes:
    return right.document(pcrs=dict.fromkeys(range(16), bytes(48)))


def _half_debug(right: Right, chosen: random.Random) -> bytes:
    return right.document(pcrs=nitro.registers() | {chosen.choice((0, 1, 2)): bytes(48)})


def _other_image(right: Right, chosen: random.Random) -> bytes:
    return right.document(pcrs=nitro.registers(chosen.randbytes(48)))


def _other_nonce(right: Right, chosen: random.Random) -> bytes:
    return right.document(nonce=chosen.choice([chosen.randbytes(32), right.nonce + b"\0", right.nonce[:-1]]))


def _too_old(right: Right, chosen: random.Random) -> bytes:
    return right.document(timestamp=round((right.now - timedelta(seconds=chosen.uniform(301, 3500))).timestamp() * 1000))


def _from_the_future(right: Right, chosen: random.Random) -> bytes:
    return right.document(timestamp=round((right.now + timedelta(seconds=chosen.uniform(31, 3500))).timestamp() * 1000))


def _bundle(right: Right, chosen: random.Random) -> bytes:
    root, region, instance = right.chain.bundle
    wrong = [
        [root], [root, region], [root, instance], [region, instance], [root, instance, region], [region, root, instance],
        [instance, region, root], [root, root, region, instance], [root, region, region, instance],
        [root, region, instance, right.chain.leaf.der],
    ]  # fmt: skip
    return right.document(cabundle=chosen.choice(wrong))


def _leaf(right: Right, chosen: random.Random) -> bytes:
    """A leaf that the last authority did issue, but that must not sign, or not now."""
    usual = Wish("enclave", right.now - timedelta(hours=1), timedelta(hours=3), authority=False)
    wrong: list[dict[str, Any]] = [
        {"lives": timedelta(minutes=50)}, {"starts": right.now + timedelta(minutes=1)}, {"authority": True}, {"may_sign": False},
        {"critical_extra": True}, {"curve": ec.SECP256R1()}, {"digest": SHA256()},
    ]  # fmt: skip
    made = nitro.issue(Wish(**(vars(usual) | chosen.choice(wrong))), right.chain.authorities[-1])
    return nitro.sign(right.fields | {"certificate": made.der}, made.key)


def _authority(right: Right, chosen: random.Random) -> bytes:
    """One more authority, which may not be one: no authority, too far down, expired, of another curve."""
    starts, day = right.now - timedelta(hours=1), timedelta(days=1)
    wrong = [
        Wish("x", starts, day, authority=False), Wish("x", starts, day, may_sign=False), Wish("x", starts, timedelta(minutes=30)),
        Wish("x", starts, day, curve=ec.SECP256R1()), Wish("x", starts, day, critical_extra=True), Wish("x", starts, day),
    ]  # fmt: skip
    wish = chosen.choice(wrong)
    above = right.chain.authorities[-1] if wish == wrong[-1] else right.chain.root
    made = nitro.issue(wish, above)
    leaf = nitro.issue(Wish("enclave", starts, day, authority=False), made)
    bundle = [*right.chain.bundle, made.der] if wish == wrong[-1] else [right.chain.root.der, made.der]
    return nitro.sign(right.fields | {"cabundle": bundle, "certificate": leaf.der}, leaf.key)


CHANGES: dict[str, Change] = {
    "bit": _flip, "bytes": _bytes, "truncated": _truncated, "longer": _longer, "cut_out": _cut_out, "payload_changed": _payload_changed,
    "signed_by_another": _signed_by_another, "signed_by_an_authority": _signed_by_an_authority, "another_root": _of_another_root,
    "another_root_behind_ours": _other_root_behind_the_pinned, "headers": _headers, "unprotected": _unprotected, "structure": _structure,
    "not_shortest": _not_shortest, "field_missing": _without_a_field, "field_unknown": _with_a_field, "field_twice": _field_twice,
    "payload_longer": _payload_longer, "field_of_wrong_type": _wrong_type, "debug": _debug, "half_debug": _half_debug,
    "other_image": _other_image, "other_nonce": _other_nonce, "too_old": _too_old, "from_the_future": _from_the_future,
    "bundle": _bundle, "leaf": _leaf, "authority": _authority,
}  # fmt: skip


def mutated(right: Right, number: int) -> tuple[str, bytes]:
    """The n-th wrong document: half of them a flipped bit, the others of each kind in turn. The kind, and the bytes."""
    chosen = random.Random(number)
    names = list(CHANGES)
    kind = "bit" if number % 2 else names[(number // 2) % len(names)]
    return kind, CHANGES[kind](right, chosen)
