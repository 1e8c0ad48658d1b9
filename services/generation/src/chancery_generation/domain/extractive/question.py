"""What a question asks for: its parts, their informative terms with weights, and the kind of thing that would answer each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chancery_contracts.interactions import Message

from chancery_generation.domain.extractive.segments import sentence_spans
from chancery_generation.domain.extractive.words import stems

Wanted = Literal["amount", "time", "person", "procedure", "reason", "anything"]

CIRCUMSTANCE_WEIGHT = 0.12
"""What stands beside the question itself (greetings, circumstances) helps to choose this much, and is not asked for."""
BORROWED_WEIGHT = 0.5
"""Terms of the part, or the turn, before, where one alone says too little ("and what was it in 2024?")."""
KIND_WORD_WEIGHT = 0.4
"""Words that say which kind of thing is asked for, and how to tell it ("what amount", "based on the details shown"): an answer need not
repeat them."""
TERSE = 2

_WANTED: tuple[tuple[Wanted, re.Pattern[str]], ...] = (
    (
        "time",
        re.compile(
            r"\b(?:when|how long|how soon|how quickly|how often|what (?:date|time|day|year)|(?:cut-off|opening|closing) times?|deadline|"
            r"notice period|how many (?:days|weeks|months|years))\b"
        ),
    ),
    (
        "amount",
        re.compile(
            r"\bhow (?:much|many|large|big|high)\b|\bwhat(?:'s| is| are| was| were)? (?:the |my |your )?(?:[\w-]+ ){0,3}"
            r"(?:fees?|charges?|costs?|price|rate|limit|amount|percentage|ratio|margin|total|maximum|minimum|value|cap|number)\b|"
            r"^(?:the |what(?:'s| is) the )?(?:largest|biggest|highest|smallest|lowest|most|least|maximum|minimum|cost|price|charge|fee)\b"
        ),
    ),
    ("person", re.compile(r"\b(?:who|whom|whose|which (?:party|person|company|bank))\b")),
    ("reason", re.compile(r"\bwhy\b")),
    ("procedure", re.compile(r"\bhow (?:do|can|should|would|could|may|to)\b|\bwhat (?:do|should|must) (?:i|we)\b|\bsteps\b")),
)
_PART = re.compile(
    r",?\s+(?:and|or)\s+(?=(?:also\s+)?(?:(?:by|at|from|to|within|up to|on)\s+)?"
    r"(?:what|how|when|where|who|which|why|whether|do|does|is|are|can|may)\b)",
    re.I,
)
_KIND_WORDS = frozenset(
    stems(
        """amount number percentage percent total value figure sum date day time year fy name quickly long soon maximum minimum usd gbp eur
        unit million billion thousand end detail information metric data outline state respond response provide base use primary clear
        report given show shown shows stated listed mention form according details period case thing way kind type"""
    )
)
_MONEY = re.compile(
    r"[£$€¥]\s?\d|\b\d[\d,.]*\s?(?:%|per cent|percent|pence|p\b|(?:thousand|million|billion|bn|mn|euros?|pounds?|dollars?|usd|gbp|eur)\b)",
    re.I,
)
_WHERE_TO_LOOK = re.compile(
    r"^(?:(?:please )?(?:by |when )?(?:us|rely|draw|look|refer)ing\b|according to|based (?:up)?on|in light of|from|given)[^,?]{3,200},\s+"
    r"(?=(?:what|how|when|where|who|which|why|whether|do|does|did|is|are|was|were|has|have|can|may)\b)",
    re.I,
)
"""Says where to look ("using only the balance sheet, …"), not what for."""
_DIGIT = re.compile(r"\d")
_NUMBER_WORD = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|twenty|thirty|sixty|ninety|no|free|none)\b", re.I
)
_TIME = re.compile(
    r"\b(?:days?|weeks?|months?|years?|hours?|minutes?|immediately|same day|midnight|noon|\d+(?:\.\d+)?\s?[ap]\.?m|20\d\d|19\d\d|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|daily|monthly|annually|quarterly)\b",
    re.I,
)
_NAME = re.compile(r"(?:^|[^.!?]\s)[\"“]?[A-Z][a-z]+(?:\s+(?:[A-Z][\w&]+|of|and|the))*|<[A-Z_]+_\w+>")
_ACTION = re.compile(
    r"^(?:\W*)(?:you (?:can|may|must|should|need)|to \w+|call|log|open|go|choose|select|contact|visit|write|send|tell)\b"
    r"|\bby \w+ing\b",
    re.I,
)
_CAUSE = re.compile(r"\b(?:because|since|due to|so that|in order to|therefore|as a result|reason|driven by|primarily)\b", re.I)


@dataclass(frozen=True, slots=True)
class Question:
    """One part of what is asked. `weights`: terms (stems) with weights up to 1; those of 1 are what it asks for. `text`: as it was put."""

    weights: dict[str, float]
    wanted: Wanted
    text: str = ""

    @property
    def asked(self) -> frozenset[str]:
        """Terms that an answer must have to do with."""
        return frozenset(term for term, weight in self.weights.items() if weight > CIRCUMSTANCE_WEIGHT)


def read_question(messages: Sequence[Message]) -> list[Question]:
    """The parts of the last user message; where it says too little, the user message before it lends its terms."""
    said = [message.content for message in messages if message.role == "user"]
    if not said:
        return []
    parts, circumstances = _split(said[-1])
    lent = set(stems(_split(said[-2])[0][-1])) if len(said) > 1 else set()
    questions: list[Question] = []
    for part in parts:
        asked = set(stems(part))
        weights = {term: KIND_WORD_WEIGHT if term in _KIND_WORDS else 1.0 for term in stems(part)}
        terse = len(asked) < TERSE
        if terse:
            weights |= {term: BORROWED_WEIGHT for term in (questions[-1].asked if questions else lent) if term not in asked}
        for term in circumstances:
            weights.setdefault(term, CIRCUMSTANCE_WEIGHT)
        if any(weight > CIRCUMSTANCE_WEIGHT for weight in weights.values()):
            before = said[-2] if terse and not questions and len(said) > 1 else questions[-1].text if terse and questions else ""
            whole = said[-1] if len(parts) == 1 else part
            questions.append(Question(weights, _kind(part), f"{before} {whole}".strip()))
    return questions


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


def _split(text: str) -> tuple[list[str], list[str]]:
    """The parts that ask, and the terms of the rest. A message that asks nothing with a `?` asks with all of it."""
    sentences = [text[start:end] for start, end in sentence_spans(text)]
    asking = [sentence for sentence in sentences if sentence.endswith("?")]
    if not stems(" ".join(asking)):
        return _parts(text), []
    bare = [_WHERE_TO_LOOK.sub("", sentence) for sentence in asking]
    told = [sentence[: len(sentence) - len(short)] for sentence, short in zip(asking, bare, strict=True)]
    rest = [term for sentence in (*told, *(one for one in sentences if not one.endswith("?"))) for term in stems(sentence)]
    return [part for sentence in bare for part in _parts(sentence)], rest


def _parts(sentence: str) -> list[str]:
    """Cut before "and what …", unless nothing but numbers would stand there ("and what was it in 2024?")."""
    parts: list[str] = []
    for part in _PART.split(sentence):
        if parts and _mere_numbers(set(stems(part))):
            parts[-1] += f" {part}"
        else:
            parts.append(part)
    return parts


def _mere_numbers(terms: set[str]) -> bool:
    return all(term[0].isdigit() for term in terms)


def _kind(text: str) -> Wanted:
    lowered = text.lower()
    return next((wanted for wanted, pattern in _WANTED if pattern.search(lowered)), "anything")
