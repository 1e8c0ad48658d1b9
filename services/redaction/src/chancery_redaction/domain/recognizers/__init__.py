"""Every recognizer, by area; what is not here (persons, organisations, places in running text) is found by NER."""

from chancery_redaction.domain.recognizers import (
    addresses,
    banks,
    cards,
    cases,
    companies,
    contacts,
    credentials,
    crypto,
    europe,
    passports,
    persons,
    phones,
    united_kingdom,
    united_states,
    value_added_tax,
)  # fmt: skip
from chancery_redaction.domain.recognizers.companies import SECURITY
from chancery_redaction.domain.recognizers.languages import LANGUAGES
from chancery_redaction.domain.recognizers.recognizer import Recognizer
from chancery_redaction.domain.spans import Span

_AREAS = (addresses, banks, cards, cases, companies, contacts, credentials, crypto, europe, passports, persons, phones,
          united_kingdom, united_states, value_added_tax)  # fmt: skip
RECOGNIZERS: tuple[Recognizer, ...] = tuple(one for area in _AREAS for one in area.RECOGNIZERS)
TYPES = frozenset(one.entity_type for one in RECOGNIZERS) - {SECURITY}
"""What recognizers find."""
LANGUAGE_CODES = frozenset(language.code for language in LANGUAGES)
SEPARATED_TYPES = frozenset({
    "IBAN_CODE", "BIC_CODE", "CREDIT_CARD", "PHONE_NUMBER", "UK_ACCOUNT", "UK_NINO", "UK_NHS", "UK_UTR",
    "UK_COMPANY_NUMBER", "UK_DRIVING_LICENCE", "US_SSN", "US_ITIN", "US_EIN", "US_CIK", "US_BANK_ROUTING",
    "US_DRIVER_LICENSE", "VAT_NUMBER", "DE_TAX_ID", "FR_NIR", "FR_SIREN", "FR_SIRET", "ES_NIF", "ES_NIE",
    "IT_FISCAL_CODE", "LEI", "PASSPORT", "MAC_ADDRESS",
})  # fmt: skip
"""Types of which separators and case do not count: written with and without, a value is one."""


def recognize(text: str, entity_types: frozenset[str], languages: frozenset[str]) -> list[Span]:
    """Every span of these types, in languages that were asked for and in what belongs to none; overlapping ones are not settled."""
    lowered, digits = text.lower(), sum(map(str.isdigit, text))
    spans: list[Span] = []
    for one in RECOGNIZERS:
        asked = one.entity_type in entity_types or one.entity_type == SECURITY
        if asked and (one.languages is None or one.languages & languages) and one.concerns(lowered, digits):
            spans += one.find(text)
    return _without_securities(spans)


def _without_securities(spans: list[Span]) -> list[Span]:
    """A security's number is nobody's: what was found within one is not a datum, unless it has check digits of its own."""
    securities = {place for one in spans if one.entity_type == SECURITY for place in range(one.start, one.end)}
    return [
        one
        for one in spans
        if one.entity_type != SECURITY and (one.score >= 0.95 or one.start not in securities or one.end - 1 not in securities)
    ]
