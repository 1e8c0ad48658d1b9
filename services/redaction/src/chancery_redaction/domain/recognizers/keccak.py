"""Keccak-256 as Ethereum uses it: SHA-3's permutation with the padding of before FIPS 202, which `hashlib` does not offer."""

from functools import cache

_MASK = (1 << 64) - 1
_RATE = 136


def _rotate(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _MASK if by else value


@cache
def _constants() -> tuple[int, ...]:
    """The round constants by their linear-feedback shift register (Keccak reference, 1.2)."""
    constants: list[int] = []
    register = 1
    for _ in range(24):
        constant = 0
        for step in range(7):
            register = ((register << 1) ^ ((register >> 7) * 0x71)) & 0xFF
            if register & 2:
                constant ^= 1 << ((1 << step) - 1)
        constants.append(constant)
    return tuple(constants)


def _permute(lanes: list[list[int]], constants: tuple[int, ...]) -> list[list[int]]:
    for constant in constants:
        parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        mixed = [parity[(x - 1) % 5] ^ _rotate(parity[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lane ^ mixed[x] for lane in lanes[x]] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], _rotate(current, (step + 1) * (step + 2) // 2 % 64)
        for row in range(5):
            line = [lanes[column][row] for column in range(5)]
            for column in range(5):
                lanes[column][row] = line[column] ^ (~line[(column + 1) % 5] & line[(column + 2) % 5] & _MASK)
        lanes[0][0] ^= constant
    return lanes


def keccak256(message: bytes) -> bytes:
    """32 bytes."""
    padded = bytearray(message + b"\x01")
    padded += b"\0" * (-len(padded) % _RATE)
    padded[-1] |= 0x80
    lanes, constants = [[0] * 5 for _ in range(5)], _constants()
    for offset in range(0, len(padded), _RATE):
        for index in range(_RATE // 8):
            at = offset + 8 * index
            lanes[index % 5][index // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        lanes = _permute(lanes, constants)
    return b"".join(lanes[index % 5][index // 5].to_bytes(8, "little") for index in range(4))
