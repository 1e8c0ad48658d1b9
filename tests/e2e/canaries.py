"""Personal data of nobody, that stand nowhere else: made by seed, with valid checksums, so that whoever finds one has found a leak."""

import random
from dataclasses import dataclass

FIRST = (
    "Margaret", "Eleanor", "Robert", "Thomas", "Caroline", "Edward", "Harriet", "William", "Charlotte", "Richard", "Dorothy",
    "Michael",
    "Rebecca", "Stephen", "Victoria", "Andrew", "Susan", "Daniel", "Katherine", "George",
)  # fmt: skip
LAST = (
    "Thistlewood", "Thackeraye", "Quillington", "Pemberley", "Ashdown", "Kettlewell", "Wainscott", "Fairbrother", "Oldershaw",
    "Micklethwaite", "Ravensdale", "Butterworth", "Cholmondeley", "Winterbottom", "Hathersage", "Longstaff", "Blenkinsop", "Tattersall",
    "Entwistle", "Greatorex",
)  # fmt: skip
STREETS = ("Marlowe", "Pennyfield", "Quarry", "Pomander", "Cobbler", "Tanners", "Millrace", "Hawthorn", "Foundry", "Saddler")
TOWNS = ("Harrogate", "Kendal", "Ludlow", "Whitby", "Frome")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
KINDS = ("person", "email", "phone", "iban", "card", "account", "nino", "ssn", "birth", "address")


@dataclass(frozen=True)
class Canary:
    """A datum, and the words in which a request tells it."""

    kind: str
    value: str
    sentence: str

    @property
    def parts(self) -> tuple[str, ...]:
        """What may not be found either: a name without the first one, an address without its town."""
        return tuple(part for part in {"person": self.value.split(" ")[1:], "address": self.value.split(", ")[:1]}.get(self.kind, ()))


def canaries(seed: int, count: int) -> list[Canary]:
    """`count` different ones, all kinds in turn."""
    source, found = random.Random(seed), {}
    while len(found) < count:
        made = _made(KINDS[len(found) % len(KINDS)], source)
        found.setdefault(made.value, made)
    return list(found.values())


def _made(kind: str, source: random.Random) -> Canary:
    value, sentence = globals()[f"_{kind}"](source)
    return Canary(kind, value, sentence.format(value))


def _digits(source: random.Random, count: int) -> str:
    return "".join(source.choices("0123456789", k=count))


def _person(source):
    return f"{source.choice(FIRST)} {source.choice(LAST)}", "My name is {}."


def _email(source):
    return f"{source.choice(LAST).lower()}.{_digits(source, 5)}@canary-mail.example", "My e-mail address is {}."


def _phone(source):
    return f"07700 900 {_digits(source, 3)}", "My phone number is {}."


def _iban(source):
    account = source.choice(("NWBK", "BARC", "LOYD", "MIDL")) + _digits(source, 14)
    check = 98 - int("".join(str(int(char, 36)) for char in f"{account}GB00")) % 97
    whole = f"GB{check:02}{account}"
    return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4)), "Please use the IBAN {}."


def _card(source):
    body = source.choice("45") + _digits(source, 14)
    total = sum(int(char) if at % 2 else sum(divmod(2 * int(char), 10)) for at, char in enumerate(body))
    whole = f"{body}{-total % 10}"
    return " ".join(whole[at : at + 4] for at in range(0, 16, 4)), "My card number is {}."


def _account(source):
    return f"{source.randint(1, 9)}{_digits(source, 9)}", "My account number is {}."


def _nino(source):
    letters = source.choice("ABCEHJLMPRSTWXYZ") + source.choice("ABCEHJKLMPRSTWXYZ")
    if letters in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}:
        letters = "AB"
    return f"{letters} {_digits(source, 2)} {_digits(source, 2)} {_digits(source, 2)} {source.choice('ABCD')}", "My insurance number is {}."


def _ssn(source):
    return f"{source.randint(101, 665)}-{source.randint(10, 99)}-{source.randint(1001, 9999)}", "My social security number (SSN) is {}."


def _birth(source):
    return f"{source.randint(1, 28)} {source.choice(MONTHS)} {source.randint(1931, 1999)}", "I was born on {}."


def _address(source):
    return f"{source.randint(11, 998)} {source.choice(STREETS)} Lane, {source.choice(TOWNS)}", "I live at {}."
