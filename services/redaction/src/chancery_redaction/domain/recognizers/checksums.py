"""Check digits, each by its standard. All take digits and letters without separators, in upper case."""

from collections.abc import Sequence


def compact(value: str) -> str:
    """Letters and digits alone, in upper case."""
    return "".join(char for char in value if char.isalnum()).upper()


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def mod97(text: str) -> int:
    """ISO/IEC 7064 mod 97-10, letters as 10 to 35."""
    return int("".join(str(int(char, 36)) for char in text)) % 97


def weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of digits times weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def mod11_10(digits: str) -> bool:
    """ISO/IEC 7064 mod 11,10 (German tax numbers)."""
    product = 10
    for digit in digits[:-1]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def weights_731(text: str) -> int:
    """ICAO 9303 part 3, 4.9: letters as 10 to 35, `<` as 0, weights 7, 3, 1; the check digit."""
    return sum((0 if char == "<" else int(char, 36)) * (7, 3, 1)[place % 3] for place, char in enumerate(text)) % 10
