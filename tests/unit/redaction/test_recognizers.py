"""Each recognizer finds what is valid, leaves what is not, and says which words it needs."""

import pytest
from chancery_redaction.domain.recognizers import LANGUAGE_CODES, RECOGNIZERS, SECURITY, SEPARATED_TYPES, TYPES, recognize
from chancery_redaction.domain.recognizers.banks import iban_valid
from chancery_redaction.domain.recognizers.checksums import luhn
from chancery_redaction.domain.recognizers.keccak import keccak256
from chancery_redaction.domain.spans import settle
from hypothesis import given
from hypothesis import strategies as st

THRESHOLD = 0.4


def _found(text, languages=frozenset({"en"})):
    spans = settle(span for span in recognize(text, TYPES, languages) if span.score >= THRESHOLD)
    return {(span.entity_type, text[span.start : span.end]) for span in spans}


@given(st.text(alphabet="0123456789", min_size=14, max_size=14))
def test_a_valid_card_is_found_and_one_with_a_wrong_digit_is_not(body):
    digits = "4" + body
    check = next(str(digit) for digit in range(10) if luhn(digits + str(digit)))
    wrong = str((int(check) + 1) % 10)
    assert ("CREDIT_CARD", digits + check) in _found(f"my card {digits}{check} was stolen")
    assert not any(kind == "CREDIT_CARD" for kind, _ in _found(f"my card {digits}{wrong} was stolen"))


@given(st.text(alphabet="0123456789", min_size=14, max_size=14), st.sampled_from([" today", "today"[:0], ".", ", and", "\nNew", " NEXT"]))
def test_a_valid_iban_is_found_with_and_without_spaces_whatever_follows(body, after):
    bban = f"NWBK{body}"
    check = next(f"{number:02d}" for number in range(2, 99) if iban_valid(f"GB{number:02d}{bban}"))
    iban = f"GB{check}{bban}"
    spaced = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    assert ("IBAN_CODE", iban) in _found(f"pay to {iban}{after}")
    assert ("IBAN_CODE", spaced) in _found(f"pay to {spaced}{after}")


IBANS = ("GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000")


@pytest.mark.parametrize("text", ["from {} to {}", "{} {}", "MT940 {}, ref AB12 {}"])
def test_what_looks_like_the_beginning_of_a_value_hides_none_behind_it(text):
    found = {value for kind, value in _found(text.format(*IBANS)) if kind == "IBAN_CODE"}
    assert found == set(IBANS)


@pytest.mark.parametrize("text", ["{} 123", "{} 12/29", "{} 12 29", "2 {}", "item 12 {} ok", "{} {}"])
@pytest.mark.parametrize("card", ["4111 1111 1111 1111", "4111111111111111", "4111-1111-1111-1111"])
def test_a_card_is_found_with_figures_before_and_behind_it(text, card):
    assert ("CREDIT_CARD", card) in _found(text.format(card, card))


LISTS = [
    ("accounts 31926819 and 31926820", "UK_ACCOUNT", ("31926819", "31926820")),
    ("account no. 31926819 31926820", "UK_ACCOUNT", ("31926819", "31926820")),
    ("Account Numbers: 31926819, 31926820 and 1234 5678.", "UK_ACCOUNT", ("31926819", "31926820", "1234 5678")),
    ("from account 31926819 to 31926820; 31926821, or 31926822", "UK_ACCOUNT", ("31926819", "31926820", "31926821", "31926822")),
    ("a/c 31926819/31926820", "UK_ACCOUNT", ("31926819", "31926820")),
    ("accounts 31926819,31926820,31926821", "UK_ACCOUNT", ("31926819", "31926820", "31926821")),
    ("sort codes 204567 and 20 45 68", "UK_ACCOUNT", ("204567", "20 45 68")),
    ("020 7946 0958 020 7946 0123", "PHONE_NUMBER", ("020 7946 0958", "020 7946 0123")),
    ("+44 20 7946 0958 020 7946 0123", "PHONE_NUMBER", ("+44 20 7946 0958", "020 7946 0123")),
    ("030 123456 030 654321", "PHONE_NUMBER", ("030 123456", "030 654321")),
    ("01 42 68 53 00 01 42 68 53 01", "PHONE_NUMBER", ("01 42 68 53 00", "01 42 68 53 01")),
    ("DOB 12/03/1980; 13/04/1981", "DATE_OF_BIRTH", ("12/03/1980", "13/04/1981")),
    ("dates of birth: 14 March 1984, 2 May 1986 and 1990-01-02", "DATE_OF_BIRTH", ("14 March 1984", "2 May 1986", "1990-01-02")),
]


@pytest.mark.parametrize(("text", "kind", "values"), LISTS)
def test_each_value_of_a_list_is_found(text, kind, values):
    assert {value for one, value in _found(text) if one == kind} == set(values)


@pytest.mark.parametrize("text", ["account 31926819 of 31926820", "account 31926819. 31926820", "account 31926819 and 1926820.50"])
def test_a_list_ends_where_something_else_begins(text):
    assert _found(text) == {("UK_ACCOUNT", "31926819")}


VALID = [
    ("BIC DEUTDEFF500", "BIC_CODE", "DEUTDEFF500"),
    ("sort code 20-45-67", "UK_ACCOUNT", "20-45-67"),
    ("account number 31926819", "UK_ACCOUNT", "31926819"),
    ("routing number 021000021", "US_BANK_ROUTING", "021000021"),
    ("SSN 536-90-4399", "US_SSN", "536-90-4399"),
    ("my social security number is 536904399", "US_SSN", "536904399"),
    ("ITIN 912-70-1234", "US_ITIN", "912-70-1234"),
    ("I.R.S. Employer Identification No. 41-0417775", "US_EIN", "41-0417775"),
    ("Central Index Key: 0000066740", "US_CIK", "0000066740"),
    ("driver's license D1234567", "US_DRIVER_LICENSE", "D1234567"),
    ("my NINO is AB 12 34 56 C", "UK_NINO", "AB 12 34 56 C"),
    ("UTR 1123456789", "UK_UTR", "1123456789"),
    ("NHS number 943 476 5919", "UK_NHS", "943 476 5919"),
    ("Company number 01234567", "UK_COMPANY_NUMBER", "01234567"),
    ("licence MORGA657054SM9IJ", "UK_DRIVING_LICENCE", "MORGA657054SM9IJ"),
    ("VAT GB 123 4567 82", "VAT_NUMBER", "GB 123 4567 82"),
    ("DE136695976", "VAT_NUMBER", "DE136695976"),
    ("FR40303265045", "VAT_NUMBER", "FR40303265045"),
    ("ATU13585627", "VAT_NUMBER", "ATU13585627"),
    ("NL004495445B01", "VAT_NUMBER", "NL004495445B01"),
    ("IE6433435F", "VAT_NUMBER", "IE6433435F"),
    ("ESB58378431", "VAT_NUMBER", "ESB58378431"),
    ("PL8567346215", "VAT_NUMBER", "PL8567346215"),
    ("BE0428759497", "VAT_NUMBER", "BE0428759497"),
    ("IT00743110157", "VAT_NUMBER", "IT00743110157"),
    ("Steuer-ID 86095742719", "DE_TAX_ID", "86095742719"),
    ("1 85 05 78 006 084 91", "FR_NIR", "1 85 05 78 006 084 91"),
    ("DNI 54362315K", "ES_NIF", "54362315K"),
    ("NIE X-2482300-W", "ES_NIE", "X-2482300-W"),
    ("RCCMNL83S18D969H", "IT_FISCAL_CODE", "RCCMNL83S18D969H"),
    ("LEI 213800WSGIIZCXF1P572", "LEI", "213800WSGIIZCXF1P572"),
    ("SIREN 732 829 320", "FR_SIREN", "732 829 320"),
    ("SIRET 732 829 320 00074", "FR_SIRET", "732 829 320 00074"),
    ("passport no. 533380006", "PASSPORT", "533380006"),
    ("L898902C36UTO7408122F1204159ZE184226B<<<<<10", "PASSPORT", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"),
    ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "PASSPORT", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"),
    ("020 7946 0958", "PHONE_NUMBER", "020 7946 0958"),
    ("+44 (0)20 7946 0958", "PHONE_NUMBER", "+44 (0)20 7946 0958"),
    ("(212) 555-2368", "PHONE_NUMBER", "(212) 555-2368"),
    ("+49 30 123456", "PHONE_NUMBER", "+49 30 123456"),
    ("write to ann.lee@mail.example now", "EMAIL_ADDRESS", "ann.lee@mail.example"),
    ("see https://www.mail.example/x?y=1.", "URL", "https://www.mail.example/x?y=1"),
    ("from 192.168.1.5", "IP_ADDRESS", "192.168.1.5"),
    ("from fe80::1ff:fe23:4567:890a", "IP_ADDRESS", "fe80::1ff:fe23:4567:890a"),
    ("00:1B:44:11:3A:B7", "MAC_ADDRESS", "00:1B:44:11:3A:B7"),
    ("I live at 14 Mill Lane, Bristol BS1 4DJ.", "POSTAL_ADDRESS", "14 Mill Lane, Bristol BS1 4DJ"),
    ("at 1600 Elm Avenue NW, Suite 5, Dayton, OH 45402", "POSTAL_ADDRESS", "1600 Elm Avenue NW, Suite 5, Dayton, OH 45402"),
    ("Hauptstraße 12, 10115 Berlin", "POSTAL_ADDRESS", "Hauptstraße 12, 10115 Berlin"),
    ("12 rue de la Paix, 75002 Paris", "POSTAL_ADDRESS", "12 rue de la Paix, 75002 Paris"),
    ("P.O. Box 123, Albany, NY 12201", "POSTAL_ADDRESS", "P.O. Box 123, Albany, NY 12201"),
    ("I was born on 14 March 1984", "DATE_OF_BIRTH", "14 March 1984"),
    ("born in London on March 14, 1984", "DATE_OF_BIRTH", "March 14, 1984"),
    ("he is aged 45", "AGE", "45"),
    ("a 45-year-old", "AGE", "45"),
    ("(application no. 36244/06)", "CASE_NUMBER", "36244/06"),
    ("nos. 12345/67 and 23456/78", "CASE_NUMBER", "23456/78"),
    ("1:21-cv-01234-ABC", "CASE_NUMBER", "1:21-cv-01234-ABC"),
    ("[2023] EWCA Civ 123", "CASE_NUMBER", "[2023] EWCA Civ 123"),
    ("Case No. HC-2015-001234.", "CASE_NUMBER", "HC-2015-001234"),
    ("Case C-131/12", "CASE_NUMBER", "C-131/12"),
    ("Az. 12 O 345/19", "CASE_NUMBER", "12 O 345/19"),
    ("VI ZR 12/20", "CASE_NUMBER", "VI ZR 12/20"),
    ("ECLI:EU:C:2014:317.", "ECLI", "ECLI:EU:C:2014:317"),
    ("matter no. M-2024-0012", "MATTER_NUMBER", "M-2024-0012"),
    ("our ref: ABC/123/45", "CLIENT_REFERENCE", "ABC/123/45"),
    ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "CRYPTO", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "CRYPTO", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "CRYPTO", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("AKIAIOSFODNN7EXAMPLE", "SECRET", "AKIAIOSFODNN7EXAMPLE"),
    ("password: hunter2xyz!", "SECRET", "hunter2xyz"),
    ("api_key=ab12cd34ef56gh78", "SECRET", "ab12cd34ef56gh78"),
    ("postgres://ann:pa55word@db/x", "SECRET", "pa55word"),
    ("Mr. Smith", "TITLE", "Mr."),
    ("the Managing Director", "ROLE", "Managing Director"),
]


@pytest.mark.parametrize(("text", "kind", "value"), VALID)
def test_each_kind_is_found(text, kind, value):
    assert (kind, value) in _found(text)


def test_every_type_has_an_example_here():
    assert {kind for _, kind, _ in VALID} | {"CREDIT_CARD", "IBAN_CODE"} == TYPES
    assert SEPARATED_TYPES <= TYPES


@pytest.mark.parametrize(
    "text",
    [
        "The fee is £25.00 from 1 March 2026.",
        "Clause 14.2.1.3 of the 2025 agreement",
        "EBITDA of 4,600,000 and 5 105 105",
        "CUSTOMER SERVICES and DIRECTOR",
        "GB29 NWBK 6016 1331 9268 18",
        "routing number 021000022",
        "UTR 2123456789",
        "NHS number 101 232 1370",
        "VAT GB 123 4567 83",
        "LEI 213800WSGIIZCXF1P573",
        "DNI 54362315L",
        "RCCMNL83S18D969I",
        "SIREN 732 829 321",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
        "ISIN US0378331005",
        "ISIN DE000BAY0017",
        "The password is required. The secret is safe with us.",
        "from 2019 to 2021, 10/12 of the 1,234,567.89 due",
        "L898902C36UTO7408122F1204158ZE184226B<<<<<10",
    ],
)
def test_figures_and_near_misses_are_left_alone(text):
    assert _found(text) == set()


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("geboren am 3. Mai 1970", "DATE_OF_BIRTH", "3. Mai 1970"),
        ("im Alter von 45 Jahren", "AGE", "45"),
        ("Herr Schmidt", "TITLE", "Herr"),
        ("der Geschäftsführer", "ROLE", "Geschäftsführer"),
    ],
)
def test_a_language_is_searched_where_it_is_asked_for(text, kind, value):
    assert (kind, value) in _found(text, frozenset({"de"}))
    assert (kind, value) not in _found(text, frozenset({"en"}))


def test_languages_of_recognizers_are_registered():
    assert {code for one in RECOGNIZERS for code in one.languages or ()} == LANGUAGE_CODES


def test_cues_are_lower_case_and_never_hide_a_value():
    assert all(cue == cue.lower() for one in RECOGNIZERS for cue in one.cues)
    for text, kind, _ in VALID:
        lowered, digits = text.lower(), sum(map(str.isdigit, text))
        for one in RECOGNIZERS:
            if one.entity_type == kind and any(span.score >= THRESHOLD for span in one.find(text)) and one.languages != frozenset({"de"}):
                assert one.concerns(lowered, digits), (text, one.entity_type)


def test_a_securitys_number_is_never_a_datum():
    assert recognize("US0378331005", TYPES | {SECURITY}, frozenset({"en"})) == []


def test_keccak_is_ethereums_and_not_sha3():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"a" * 200).hex() != keccak256(b"a" * 201).hex()
