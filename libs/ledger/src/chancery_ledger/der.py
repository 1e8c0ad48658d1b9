"""One repair of time stamps as they are met: certificates in DER's order.

CMS (RFC 5652 §5.1) has the certificates of a signature as a SET OF, which DER (X.690 §11.6) sorts. OpenSSL, and with it many an authority,
leaves them in the order of their chain, and strict parsers refuse that. They are under no signature: sorting changes no other byte.
"""

from chancery_ledger.errors import Malformed

_SEQUENCE, _CONTENT, _CERTIFICATES = 0x30, 0xA0, 0xA0


def with_sorted_certificates(reply: bytes) -> bytes:
    """A TimeStampResp (RFC 3161 §2.4.2) whose token's certificates stand in order; any other bytes as they were."""
    try:
        token = _children(reply, *_inside(reply, 0, _SEQUENCE))[1]
        content = _children(reply, *_inside(reply, token[0], _SEQUENCE))[1]
        signed = _inside(reply, _inside(reply, content[0], _CONTENT)[0], _SEQUENCE)
        places = [place for place in _children(reply, *signed) if reply[place[0]] == _CERTIFICATES]
        if not places:
            return reply
        start, end = _inside(reply, places[0][0], _CERTIFICATES)
        certificates = sorted(reply[low:high] for low, high in _children(reply, start, end))
    except (Malformed, IndexError):
        return reply
    return reply[:start] + b"".join(certificates) + reply[end:]


def _children(data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Where the elements between two places begin and end."""
    found = []
    while start < end:
        _, after = _element(data, start)
        found.append((start, after))
        start = after
    if start != end:
        raise Malformed("not DER")
    return found


def _inside(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the contents of an element begin and end."""
    if data[at] != tag:
        raise Malformed("not DER")
    return _element(data, at)


def _element(data: bytes, at: int) -> tuple[int, int]:
    """X.690 §8.1.3: where an element's contents begin, and where it ends. One byte of tag is all that is used here."""
    length, start = data[at + 1], at + 2
    if length >= 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    if start + length > len(data):
        raise Malformed("not DER")
    return start, start + length
