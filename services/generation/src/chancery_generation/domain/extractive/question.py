"""What a question asks for: its informative terms with weights, and the kind of thing that would answer it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chancery_contracts.interactions import Message
from chancery_generation.domain.extractive.segments import sentence_spans
from chancery_generation.domain.extractive.words import stems

Wanted = Literal["amount", "time", "person", "procedure", "reason", "anything"]

STATEMENT_WEIGHT = 0.35
"""What stands beside the question itself (greetings, circumstances) counts this much."""
EARLIER_WEIGHT = 0.5
"""Terms of the turn before, where the question alone says too little."""
TERSE = 2

_WANTED: tuple[tuple[Wanted, re.Pattern[str]], ...] = (
    ("time", re.compile(r"\b(?:when|how long|how soon|how quickly|how often|what (?:date|time|day|year)|deadline|notice period|by when)\b")),
    (
        "amount",
        re.compile(
            r"\bhow (?:much|many|large|big|high)\b|\bwhat(?:'s| is| are| was| were)? (?:the |my |your )?(?:\w+ ){0,3}"
            r"(?:fees?|charges?|costs?|price|rate|limit|amount|percentage|ratio|margin|total|maximum|minimum|value|cap)\b"
        ),
    ),
    ("person", re.compile(r"\b(?:who|whom|whose|which (?:party|person|company|bank))\b")),
    ("reason", re.compile(r"\bwhy\b")),
    ("procedure", re.compile(r"\bhow (?:do|can|should|would|could|may|to)\b|\bwhat (?:do|should|must) (?:i|we)\b|\bsteps\b")),
)
_MONEY = re.compile(r"[£$€¥]\s?\d|\b\d[\d,.]*\s?(?:%|per cent|percent|(?:thousand|million|billion|bn|mn|euros?|pounds?|dollars?|usd|gbp|eur)\b)", re.I)
_DIGIT = re.compile(r"\d")
_NUMBER_WORD = re.compile(r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|twenty|thirty|sixty|ninety|no|free|none)\b", re.I)
_TIME = re.compile(
    r"\b(?:days?|weeks?|months?|years?|hours?|minutes?|immediately|same day|midnight|noon|[ap]\.?m|20\d\d|19\d\d|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|daily|monthly|annually|quarterly)\b",
    re.I,
)
_NAME = re.compile(r"(?:^|[^.!?]\s)[\"“]?[A-Z][a-z]+(?:\s+(?:[A-Z][\w&]+|of|and|the))*|<[A-Z_]+_\w+>")
_ACTION = re.compile(r"^(?:\W*)(?:you (?:can|may|must|should|need)|to \w+|call|log|open|go|choose|select|contact|visit|write|send|tell)\b|\bby \w+ing\b", re.I)
_CAUSE = re.compile(r"\b(?:because|since|due to|so that|in order to|therefore|as a result|reason|driven by|primarily)\b", re.I)


@dataclass(frozen=True, slots=True)
class Question:
    """Terms (stems) with weights up to 1, and what kind of answer is wanted."""

    weights: dict[str, float]
    wanted: Wanted

    @property
    def informative(self) -> bool:
        """False where nothing remains to search for."""
        return bool(self.weights)


def read_question(messages: Sequence[Message]) -> Question:
    """Reads the last user message; where it says too little, the user message before it too."""
    asked = [message.content for message in messages if message.role == "user"]
    weights = _weigh(asked[-1]) if asked else {}
    if len(weights) < TERSE and len(asked) > 1:
        for term, weight in _weigh(asked[-2]).items():
            weights.setdefault(term, weight * EARLIER_WEIGHT)
    return Question(weights, _kind(asked[-1] if asked else ""))


def fits(wanted: Wanted, text: str) -> float:
    """1 where a text holds the kind of thing that was asked for, 0 where it does not, between where it might."""
    match wanted:
        case "amount":
            return 1.0 if _MONEY.search(text) else 0.6 if _DIGIT.search(text) else 0.4 if _NUMBER_WORD.search(text) else 0.0
        case "time":
            return (0.6 if _TIME.search(text) else 0.0) + (0.4 if _DIGIT.search(text) or _NUMBER_WORD.search(text) else 0.0)
        case "person":
            return 1.0 if _NAME.search(text) else 0.0
        case "procedure":
            return 1.0 if _ACTION.search(text) else 0.0
        case "reason":
            return 1.0 if _CAUSE.search(text) else 0.0
        case "anything":
            return 0.0


def _weigh(text: str) -> dict[str, float]:
    sentences = [text[start:end] for start, end in sentence_spans(text)]
    asking = [sentence for sentence in sentences if sentence.endswith("?")]
    asks_enough = len({term for sentence in asking for term in stems(sentence)}) >= TERSE
    weights: dict[str, float] = {}
    for sentence in sentences:
        weight = STATEMENT_WEIGHT if asks_enough and not sentence.endswith("?") else 1.0
        for term in stems(sentence):
            weights[term] = max(weight, weights.get(term, 0.0))
    return weights


def _kind(text: str) -> Wanted:
    lowered = text.lower()
    return next((wanted for wanted, pattern in _WANTED if pattern.search(lowered)), "anything")
