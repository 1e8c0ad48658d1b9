"""Made-up values for the slots of templates: names of many countries, addresses in many forms, firms, numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from functools import cached_property

from faker import Faker
from word_lists import BANKS, DEMONYMS, FIRM_ENDS, FIRM_WORDS, FIRMS, JOBS, TITLES

LOCALES = (
    "en_GB", "en_US", "en_IE", "en_IN", "en_AU", "de_DE", "de_AT", "de_CH", "fr_FR", "fr_CA", "es_ES", "es_MX", "it_IT", "nl_NL", "pl_PL",
    "cs_CZ", "sk_SK", "hu_HU", "ro_RO", "sv_SE", "no_NO", "da_DK", "fi_FI", "pt_PT", "pt_BR", "tr_TR", "hr_HR", "sl_SI", "et_EE", "lt_LT",
    "lv_LV", "el_GR", "ru_RU", "bg_BG", "uk_UA", "sq_AL", "vi_VN", "id_ID", "en_NG", "zu_ZA", "en_PK", "yo_NG", "en_KE", "tw_GH",
)  # fmt: skip
_NATIVE = frozenset({"el_GR", "ru_RU", "bg_BG", "uk_UA"})
"""Scripts other than Latin: seldom."""
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


class Values:
    """Seeded: the same seed gives the same values."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self._fakers: dict[str, Faker] = {}

    @cached_property
    def makers(self) -> dict[str, tuple[str | None, Callable[[], str]]]:
        """Of each slot: the type of the general head (none: not personal), and what makes a value."""
        return {
            "person": ("PERSON", self.person), "first": ("PERSON", self.first), "last": ("PERSON", self.last),
            "title": ("TITLE", lambda: self.rng.choice(TITLES)), "job": ("TITLE", self.job),
            "firm": ("ORGANIZATION", self.firm), "bank": ("ORGANIZATION", lambda: self.rng.choice(BANKS)),
            "city": ("LOCATION", self.city), "country": ("LOCATION", self.country), "nrp": ("NRP", lambda: self.rng.choice(DEMONYMS)),
            "address": ("POSTAL_ADDRESS", self.address), "number": ("POSTAL_ADDRESS", self.number), "street": ("POSTAL_ADDRESS", self.street),
            "flat": ("POSTAL_ADDRESS", self.flat), "zip": ("POSTAL_ADDRESS", self.zip),
            "date": ("DATE_TIME", self.day), "year": ("DATE_TIME", self.year), "weekday": ("DATE_TIME", self.weekday),
            "stamp": ("DATE_TIME", self.stamp), "age": ("AGE", lambda: str(self.rng.randint(18, 95))),
            "phone": ("PHONE_NUMBER", self.phone), "email": ("EMAIL_ADDRESS", self.email), "url": ("URL", self.url),
            "ip": ("IP_ADDRESS", lambda: self._en.ipv4() if self.rng.random() < 0.8 else self._en.ipv6()),
            "card": ("CREDIT_CARD", self.card), "iban": ("IBAN_CODE", self.iban), "ssn": ("US_SSN", self._en.ssn),
            "licence": ("US_DRIVER_LICENSE", self.licence),
            "amount": (None, self.amount), "figure": (None, self.figure), "code": (None, self.code), "percent": (None, self.percent),
            "ticker": (None, lambda: self._letters(self.rng.randint(2, 5))), "word": (None, lambda: self._en.word().title()),
        }  # fmt: skip

    @property
    def _en(self) -> Faker:
        return self._of("en_US")

    def _of(self, locale: str) -> Faker:
        if locale not in self._fakers:
            self._fakers[locale] = Faker(locale)
            self._fakers[locale].seed_instance(self.rng.randint(0, 1 << 30))
        return self._fakers[locale]

    @property
    def _any(self) -> Faker:
        locale = self.rng.choice(LOCALES)
        if locale in _NATIVE and self.rng.random() < 0.7:
            locale = self.rng.choice(("en_GB", "en_US"))
        return self._of(locale)

    def first(self) -> str:
        return self._cased(self._any.first_name())

    def last(self) -> str:
        return self._cased(self._any.last_name())

    def person(self) -> str:
        fake, chance = self._any, self.rng.random()
        first, last = fake.first_name(), fake.last_name()
        if chance < 0.14:
            return self._cased(f"{first} {self._letters(1)}{self.rng.choice(('.', ''))} {last}")
        if chance < 0.18:
            return f"{first[0]}. {last}"
        if chance < 0.21:
            return f"{first} {fake.first_name()} {last}"
        if chance < 0.24:
            return f"{first} {last}-{fake.last_name()}"
        if chance < 0.27:
            return f"{first} {last} {self.rng.choice(('II', 'III', 'Jr.', 'Sr.', 'DDS', 'MD', 'PhD'))}"
        if chance < 0.29:
            return f"{first} {self.rng.choice(('de', 'van', 'von', 'van der', 'di', 'el', 'bin', 'O’'))} {last}".replace("’ ", "’")
        return self._cased(f"{first} {last}")

    def job(self) -> str:
        return self.rng.choice(JOBS) if self.rng.random() < 0.35 else self._en.job().split(",")[0].split("/")[0]

    def _cased(self, value: str) -> str:
        chance = self.rng.random()
        return value.upper() if chance < 0.03 else value.lower() if chance < 0.05 else value

    def firm(self) -> str:
        chance = self.rng.random()
        if chance < 0.25:
            return self.rng.choice(FIRMS)
        if chance < 0.45:
            return self._of(self.rng.choice(("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL"))).company()
        if chance < 0.6:
            return f"{self.last().title()} {self.rng.choice(FIRM_ENDS)}"
        name = (
            "".join(self.rng.sample(FIRM_WORDS, 2)).capitalize()
            if self.rng.random() < 0.4
            else " ".join(self.rng.sample(FIRM_WORDS, 2)).title()
        )
        return f"{name} {self.rng.choice(FIRM_ENDS)}" if self.rng.random() < 0.5 else name

    def city(self) -> str:
        value = self._any.city()
        chance = self.rng.random()
        return value.upper() if chance < 0.2 else value.lower() if chance < 0.04 + 0.2 else value

    def country(self) -> str:
        chance = self.rng.random()
        return (
            self._en.country()
            if chance < 0.8
            else self._en.country_code()
            if chance < 0.9
            else self.rng.choice(("UK", "USA", "U.S.", "UAE"))
        )

    def number(self) -> str:
        return str(self.rng.randint(1, 999) if self.rng.random() < 0.6 else self.rng.randint(1000, 99999)).zfill(
            self.rng.choice((1, 1, 1, 3, 5))
        )

    def street(self) -> str:
        fake = self._any
        name = getattr(fake, "street_name", self._en.street_name)()
        form = self.rng.random()
        return f"{name} {self.rng.randint(1, 200)}" if form < 0.5 else f"{self.rng.randint(1, 200)} {name}" if form < 0.8 else name

    def flat(self) -> str:
        return f"{self.rng.choice(('Apt.', 'Suite', 'Flat', 'Unit', 'Floor', 'Apartment', 'Room'))} {self.rng.randint(1, 999):0{self.rng.choice((1, 3))}d}"

    def zip(self) -> str:
        return self._of("en_GB").postcode() if self.rng.random() < 0.25 else self._any.postcode()

    def address(self) -> str:
        """In one span, as written on one line or several."""
        chance = self.rng.random()
        if chance < 0.12:
            return f"the corner of {self.street()} and {self.street()}"
        if chance < 0.25:
            return self.street()
        if chance < 0.3:
            return self._en.address()
        break_ = self.rng.choice((", ", " ", "\n", "\n ", "\n, "))
        parts = [f"{self.number()} {self.street()}" if self.rng.random() < 0.7 else self.street()]
        parts += [self.flat()] * (self.rng.random() < 0.45) + [self.city()]
        state = self.rng.random()
        parts += [self._letters(2)] * (state < 0.3) + ["nan"] * (0.3 < state < 0.34)
        tail = [self.country()] * (self.rng.random() < 0.6) + [self.zip()] * (self.rng.random() < 0.75)
        self.rng.shuffle(tail)
        spaced = self.rng.choice((" ", break_))
        return break_.join(parts) + (break_ + spaced.join(tail) if tail else "")

    def day(self) -> str:
        day = self._day()
        month = _MONTHS[day.month - 1]
        return self.rng.choice((
            f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", f"{day.month}/{day.day}/{day.year}", day.isoformat(),
            f"{day:%d.%m.%Y}", f"{day:%d/%m/%y}", f"{month} {day.year}", f"{day.day} {month[:3]} {day.year}", f"{day.day} {month}",
            f"{day.day}{'th' if 3 < day.day < 21 else 'rd' if day.day % 10 == 3 else 'th'} {month} {day.year}", f"{day:%d-%b-%Y}",
        ))  # fmt: skip

    def _day(self) -> date:
        return date(1930, 1, 1) + timedelta(days=self.rng.randint(0, 35_000))

    def stamp(self) -> str:
        clock = f"{self.rng.randint(0, 23):02d}:{self.rng.randint(0, 59):02d}"
        return f"{self._day().isoformat()}{self.rng.choice(' T')}{clock}" + (
            f":{self.rng.randint(0, 59):02d}" if self.rng.random() < 0.8 else ""
        )

    def year(self) -> str:
        return str(self.rng.randint(1930, 2026))

    def weekday(self) -> str:
        return self.rng.choice(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])

    def phone(self) -> str:
        chance = self.rng.random()
        if chance < 0.75:
            return self._any.phone_number()
        groups = [
            str(self.rng.randint(0, 10**size - 1)).zfill(size) for size in self.rng.choice(((2, 3, 3), (3, 3, 4), (2, 2, 2, 2), (4, 3, 3)))
        ]
        return self.rng.choice(("-", " ", ".")).join(groups) if chance < 0.9 else f"({groups[0]}) {'-'.join(groups[1:])}"

    def email(self) -> str:
        name = self.rng.choice(
            (self._en.first_name() + self._en.last_name(), self._en.user_name(), f"{self._en.first_name()}.{self._en.last_name()}".lower())
        )
        return f"{name}@{self.rng.choice((self._en.domain_name(), self._en.free_email_domain()))}"

    def url(self) -> str:
        name = "".join(self.rng.sample(FIRM_WORDS, 2)).title() + self.rng.choice((".com", ".co.uk", ".org", ".net", ".de", ".com.br"))
        return self.rng.choice(
            (f"https://www.{name}/", f"http://{name.lower()}/{self._en.uri_path()}", f"www.{name.lower()}", self._en.uri())
        )

    def card(self) -> str:
        value = self._en.credit_card_number()
        return " ".join(value[at : at + 4] for at in range(0, len(value), 4)) if self.rng.random() < 0.3 else value

    def iban(self) -> str:
        value = self._of(self.rng.choice(("en_GB", "de_DE", "fr_FR", "nl_NL", "pl_PL"))).iban()
        return " ".join(value[at : at + 4] for at in range(0, len(value), 4)) if self.rng.random() < 0.35 else value

    def licence(self) -> str:
        return self.rng.choice(
            (
                self._letters(1) + self._digits(7),
                self._digits(9),
                f"{self._digits(4)}-{self._digits(2)}-{self._digits(4)}",
                self._letters(2) + self._digits(6),
            )
        )

    def amount(self) -> str:
        value = f"{self.rng.choice((self.rng.randint(1, 999), self.rng.randint(1000, 9_999_999))):,}"
        return self.rng.choice(
            (
                f"${value}",
                f"£{value}.{self._digits(2)}",
                f"EUR {value}",
                f"USD {value}",
                f"€{value}",
                f"{value} dollars",
                f"${self.rng.randint(1, 900)} million",
            )
        )

    def figure(self) -> str:
        return self.rng.choice(
            (
                f"{self.rng.randint(1, 99999):,}",
                f"({self.rng.randint(1, 9999):,})",
                f"{self.rng.random() * 100:.2f}",
                str(self.rng.randint(1, 50)),
            )
        )

    def percent(self) -> str:
        return f"{self.rng.random() * 20:.1f}%"

    def code(self) -> str:
        return self.rng.choice(
            (
                f"{self._letters(2)}-{self._digits(6)}",
                self._digits(8),
                f"{self._letters(3)}/{self._digits(4)}/{self._digits(2)}",
                f"#{self._digits(5)}",
                f"no. {self._digits(5)}/{self._digits(2)}",
            )
        )

    def _letters(self, count: int) -> str:
        return "".join(self.rng.choices("ABCDEFGHJKLMNOPRSTUVWXYZ", k=count))

    def _digits(self, count: int) -> str:
        return "".join(self.rng.choices("0123456789", k=count))
