"""Finds words that try to instruct the model, in messages and in documents. Rules; a classifier comes in their place later.

Pure, and linear in the text's length: every pattern is made of literal words with bounded gaps.
"""

import re

from chancery_contracts.interactions import InjectionFinding

_GAP = r"(?:[^.\n]{0,40}?)"
_RULES: tuple[tuple[str, str], ...] = (
    ("override", rf"\b(?:ignore|disregard|forget|override|bypass)\b{_GAP}\b(?:previous|prior|above|earlier|preceding|all|your|system)\b"
                 rf"{_GAP}"
                 r"\b(?:instructions?|prompts?|rules?|guidelines?|directions?|constraints?)\b[^.\n]{0,200}"),
    ("reveal", rf"\b(?:reveal|print|show|repeat|output|disclose|leak)\b{_GAP}\b(?:system|hidden|initial|secret|developer)\b{_GAP}"
               r"\b(?:prompts?|instructions?|messages?|rules?)\b[^.\n]{0,200}"),
    ("persona", r"\b(?:you are now|from now on,? you|act as|pretend (?:to be|you are))\b[^.\n]{0,80}"
                r"\b(?:DAN|unrestricted|jailbroken|no (?:rules|restrictions|limits)|without (?:any )?"
                r"(?:rules|restrictions|filters))\b[^.\n]{0,200}"),
    ("delimiter", r"(?:<\|im_(?:start|end)\|>|\[/?INST\]|<<SYS>>|</?system>|###\s*(?:system|new instructions?)\b)[^\n]{0,200}"),
    ("address_model", r"\b(?:AI|assistant|language model|chatbot|LLM)s?\b[^.\n]{0,60}\b(?:must|should|shall|will)\b[^.\n]{0,40}"
                      r"\b(?:ignore|disregard|answer that|respond with|reply with|state that|output)\b[^.\n]{0,200}"),
)  # fmt: skip
_COMPILED = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _RULES)
_COMMENT = re.compile(r"<!--(.{1,2000}?)-->", re.DOTALL)


def find_injections(text: str) -> tuple[InjectionFinding, ...]:
    """Every place, widened to the end of its sentence or to the comment that hides it, in order."""
    found = [InjectionFinding(rule=name, start=m.start(), end=m.end()) for name, pattern in _COMPILED for m in pattern.finditer(text)]
    for comment in _COMMENT.finditer(text):
        if any(comment.start() <= one.start < comment.end() for one in found):
            found.append(InjectionFinding(rule="hidden_comment", start=comment.start(), end=comment.end()))
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))
