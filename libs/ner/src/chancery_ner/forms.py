"""What the form of a number says against the model: four dots make an IP address, sixteen digits no telephone."""

from __future__ import annotations

import re

_NUMBERS = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "US_DRIVER_LICENSE", "IP_ADDRESS"})
_FORMS = {
    "IP_ADDRESS": re.compile(r"\d{1,3}(?:\.\d{1,3}){3}"),
    "IBAN_CODE": re.compile(r"[A-Za-z]{2}\d\d(?: ?[A-Za-z0-9]){10,30}"),
    "CREDIT_CARD": re.compile(r"[1-9](?:[ -]?\d){12,18}"),
    "US_SSN": re.compile(r"\d{3}-\d{2}-\d{4}"),
}
_EMPTY = frozenset({"the", "and", "of", "a", "an", "in", "for", "or", "to", "at", "is"})


def form(label: str, value: str) -> str | None:
    """The label that a value can have: another one for a number of another form, none for a lone word without meaning."""
    if value.casefold() in _EMPTY:
        return None
    if label not in _NUMBERS:
        return label
    fitting = [other for other, pattern in _FORMS.items() if pattern.fullmatch(value)]
    if fitting and label not in fitting:
        return fitting[0]
    return "US_DRIVER_LICENSE" if label == "US_SSN" and not fitting else label
