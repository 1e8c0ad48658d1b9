"""Counts tokens as a model's family counts them: exactly where its tokenizer is at hand, else by an estimate that was measured.

No tokenizer's vocabulary is bundled: OpenAI's come with the extra `openai-tokens` (40 MB). The estimate knows what byte-pair encodings
do to words, figures, signs and scripts; its weights were fitted by `libs/prompting/training/fit_tokens.py`, which tells how far it is off.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol

from chancery_contracts.bodies import ModelBody

Family = Literal["o200k_base", "cl100k_base", "tekken", "unknown", "characters"]
_LONG_WORD = 7
_WORDS, _FIGURES, _SIGNS = re.compile(r"[A-Za-z]+"), re.compile(r"\d+"), re.compile(r"[^\w\s]+")
_LINES, _GAPS, _BEYOND_ASCII = re.compile(r"(?<![^\w\s])\n\s*"), re.compile(r"[ \t]{2,}"), re.compile(r"[^\x00-\x7f]")
_GREEK, _PUNCTUATION, _EAST_ASIAN = "\u0370", "\u2000", "\u2e80"


class Tokenizer(Protocol):
    """Counts."""

    @property
    def name(self) -> str:
        """The family; an estimate says so."""
        ...

    def count(self, text: str) -> int:
        """Tokens, without what a provider adds for each message."""
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """Tokens for each word, each letter of a word beyond the seventh, each three figures begun, and so on.

    `line`: an end of a line that no sign stands before (with a sign it makes one token).
    """

    word: float
    letter: float
    figures: float
    signs: float
    line: float
    gap: float
    latin: float
    script: float
    symbol: float
    east_asian: float
    underscore: float

    def row(self) -> tuple[float, ...]:
        """In the order of `features`."""
        return astuple(self)


WEIGHTS: Mapping[Family, Weights] = {
    "o200k_base": Weights(0.96, 0.08, 1.30, 1.00, 0.76, 1.09, 1.66, 0.33, 2.36, 0.78, 0.47),
    "cl100k_base": Weights(0.97, 0.10, 1.20, 1.03, 0.80, 1.00, 2.57, 0.97, 1.74, 1.17, 0.31),
    "tekken": Weights(0.96, 0.14, 2.02, 1.08, 1.14, 0.85, 1.64, 0.36, 1.67, 0.87, 0.64),
}
UNKNOWN_MARGIN = 1.2
"""Vendors that publish no tokenizer (Anthropic, Cohere): cl100k's estimate, and a fifth more. Not measured: no ground truth is at hand."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """By features of the text. Off by 1 to 4 % in the mean on English prose, tables, JSON and code, by 6 to 10 % on
    pages of filings, by 20 % on other languages."""

    family: Family
    weights: Weights
    margin: float = 1.0

    @property
    def name(self) -> str:
        """With a tilde: an estimate."""
        return f"~{self.family}"

    def count(self, text: str) -> int:
        """Rounded up."""
        return math.ceil(_weighed(text, self.weights) * self.margin)


@dataclass(frozen=True, slots=True)
class Characters:
    """One token for every four characters begun: how the extractive model counts, which has no tokenizer."""

    name: str = "characters"

    def count(self, text: str) -> int:
        """Exactly so."""
        return math.ceil(len(text) / 4)


@dataclass(frozen=True, slots=True)
class Exact:
    """OpenAI's own vocabulary, by the extra `openai-tokens`."""

    name: str
    encoding: Any

    def count(self, text: str) -> int:
        """As the provider counts the text."""
        return len(self.encoding.encode_ordinary(text))


def _weighed(text: str, weights: Weights) -> float:
    return sum(number * weight for number, weight in zip(features(text), weights.row(), strict=True))


def features(text: str) -> tuple[int, ...]:
    """How often each thing occurs that `Weights` weighs, in its order."""
    words = _WORDS.findall(text)
    return (
        len(words),
        sum(len(word) - _LONG_WORD for word in words if len(word) > _LONG_WORD),
        sum(-(-len(number) // 3) for number in _FIGURES.findall(text)),
        len(_SIGNS.findall(text)),
        len(_LINES.findall(text)),
        len(_GAPS.findall(text)),
        *((0, 0, 0, 0) if text.isascii() else _foreign(text)),
        text.count("_"),
    )


def _foreign(text: str) -> tuple[int, int, int, int]:
    latin = script = symbol = east_asian = 0
    for character in _BEYOND_ASCII.findall(text):
        if character < _GREEK:
            latin += 1
        elif character < _PUNCTUATION:
            script += 1
        elif character < _EAST_ASIAN:
            symbol += 1
        else:
            east_asian += 1
    return latin, script, symbol, east_asian


_OPENAI_OLDER = re.compile(r"gpt-(?:4(?!o|\.)|3\.5)|text-embedding")


def family_of(model: ModelBody) -> Family:
    """By provider and name. What is not known is reckoned with a margin."""
    name = model.provider_model.lower()
    if model.provider == "extractive":
        return "characters"
    if re.search(r"mistral|mixtral|ministral|magistral|codestral", name):
        return "tekken"
    if re.search(r"gpt|(?:^|/)o\d|text-embedding", name):
        return "cl100k_base" if _OPENAI_OLDER.search(name) else "o200k_base"
    return "unknown"


@lru_cache(maxsize=8)
def tokenizer(family: Family) -> Tokenizer:
    """The best at hand."""
    if family == "characters":
        return Characters()
    if family == "unknown":
        return Estimate("unknown", WEIGHTS["cl100k_base"], UNKNOWN_MARGIN)
    encoding = None if family == "tekken" else _vocabulary(family)
    return Estimate(family, WEIGHTS[family]) if encoding is None else Exact(family, encoding)


def tokenizer_of(model: ModelBody) -> Tokenizer:
    """For a model of the registry."""
    return tokenizer(family_of(model))


def _vocabulary(family: str) -> Any:
    try:
        import bpe_openai
    except ImportError:
        return None
    return bpe_openai.get_encoding(family)
