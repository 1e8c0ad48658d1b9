"""The worst texts for a pattern, made from the pattern itself: samples of what it matches, cut short, spoiled at the end, run together."""

import random
import re
from re import _constants as op
from re import _parser as parser

SIZE = 100_000
_LONGEST_REPEAT = 80
_CATEGORIES = {"CATEGORY_DIGIT": "0123456789", "CATEGORY_WORD": "aZ5_", "CATEGORY_SPACE": " \n", "CATEGORY_NOT_SPACE": "a1-/"}
_ANY = "aA1 .-/:@<_é"


def worst_texts(pattern: re.Pattern[str], size: int = SIZE, seed: int = 7) -> list[str]:
    """Texts of that size. Each repeats a piece: a match, all but its end, its end replaced, its first half, one character of it."""
    draw = random.Random(seed)
    parsed = parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    pieces: dict[str, None] = {}
    for _ in range(6):
        for longest in (False, True):
            sample = _sample(parsed, draw, longest)
            for piece in _spoiled(sample):
                pieces[piece] = None
    return [(piece * (size // len(piece) + 1))[:size] for piece in pieces if piece]


def _spoiled(sample: str) -> list[str]:
    half = sample[: max(1, len(sample) // 2)]
    return [
        sample,
        sample + " ",
        sample[:-1],
        sample[:-1] + " ",
        sample + "é",
        half,
        half + " ",
        sample[:1],
        sample[:1] + " ",
        sample[-1:],
        sample[:-2] + "!",
    ]


def _sample(parsed, draw, longest):
    return "".join(_piece(operation, argument, draw, longest) for operation, argument in parsed)


def _piece(operation, argument, draw, longest):
    if operation is op.LITERAL:
        return chr(argument)
    if operation is op.NOT_LITERAL:
        return next(char for char in _ANY if ord(char) != argument)
    if operation is op.ANY:
        return "a"
    if operation is op.IN:
        return _one_of(argument, draw)
    if operation is op.BRANCH:
        return _sample(draw.choice(argument[1]), draw, longest)
    if operation is op.SUBPATTERN:
        return _sample(argument[3], draw, longest)
    if operation in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        low, high, inner = argument
        high = min(int(high), low + _LONGEST_REPEAT)
        return "".join(_sample(inner, draw, longest) for _ in range(high if longest else draw.randint(low, min(high, low + 3))))
    return ""  # borders, look-arounds, references: what they demand is in reach of the rest, or the sample is a near miss


def _one_of(choices, draw):
    if choices[0][0] is op.NEGATE:
        return next((char for char in draw.sample(_ANY, len(_ANY)) if not _in(char, choices[1:])), "~")
    operation, argument = draw.choice(choices)
    if operation is op.RANGE:
        return chr(draw.randint(*argument))
    return chr(argument) if operation is op.LITERAL else draw.choice(_CATEGORIES.get(str(argument).split(".")[-1], _ANY))


def _in(char, choices):
    for operation, argument in choices:
        if operation is op.LITERAL and ord(char) == argument:
            return True
        if operation is op.RANGE and argument[0] <= ord(char) <= argument[1]:
            return True
        if operation is op.CATEGORY and char in _CATEGORIES.get(str(argument).split(".")[-1], ""):
            return True
    return False
