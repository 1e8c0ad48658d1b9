"""Postal addresses as they are written in the United Kingdom, the United States, Germany and France; and post-office boxes."""

import re

from chancery_redaction.domain.recognizers.recognizer import Recognizer

_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_STREET = (
    r"(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Close|Drive|Dr|Court|Ct|Crescent|Square|Terrace|Way|Gardens|Place|Pl|Row|Hill|Grove|Mews|Walk"
    r"|Boulevard|Blvd|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Plaza|Turnpike|Alley|Loop|Quay|Wharf|Embankment|Parade|Broadway)"
)
_WORD = r"(?:Mc|Mac|O['’])?[A-Z][a-z'’-]{1,30}"
_PLACE = rf"(?:,? (?:(?:St|Ft|Mt)\. )?{_WORD}(?: {_WORD}){{0,2}}){{0,3}}"
_UNIT = r"(?:,? (?:Suite|Ste|Apt|Apartment|Unit|Floor|Fl|Flat|Room|#)\.? ?[A-Za-z0-9-]{1,6})?"
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]|California|Texas"
    r"|Florida|New York|Illinois|Massachusetts|Minnesota|Delaware|Washington|Virginia|Georgia|Ohio|Pennsylvania|New Jersey|North Carolina)"
)
_ZIP = rf",? {_STATE},? {{1,2}}\d{{5}}(?:-\d{{4}})?"
_ENGLISH = re.compile(
    rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]?(?:-\d{{1,5}})?,? (?:(?:[NSEW]|North|South|East|West)\.? )?"
    rf"(?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)) ){{0,4}}"
    rf"(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)) {_STREET}\b\.?(?: [NS][EW]?| [EW])?{_UNIT}"
    rf"(?:\n{_WORD}(?: {_WORD}){{0,2}}(?:{_ZIP}|,? {_POSTCODE})|{_PLACE}(?:{_ZIP}|,? {_POSTCODE})?)\b"
)
_POSTCODE_ALONE = re.compile(rf"(?<![A-Za-z0-9]){_POSTCODE}(?![A-Za-z0-9])")
_ZIP_ALONE = re.compile(rf"(?<![\w-])(?:(?:St|Ft|Mt)\. )?{_WORD}(?: {_WORD}){{0,2}},{_ZIP[2:]}(?!\d)")
_PLZ = r"(?:,|,?\n) ?(?:D-)?\d{5} [A-ZÄÖÜ][\wäöüß-]{1,30}(?: [A-ZÄÖÜ][\wäöüß-]{1,30}){0,2}"
_GERMAN = re.compile(
    rf"(?<!\w)[A-ZÄÖÜ][\wäöüß-]{{0,30}}(?:(?:straße|strasse|str\.|platz|allee|gasse) \d{{1,3}} ?[a-z]?\b(?:{_PLZ})?"
    rf"|(?:weg|ring|damm|ufer) \d{{1,3}} ?[a-z]?{_PLZ})"
    rf"|(?<!\w)(?:[A-ZÄÖÜ][\wäöüß-]{{1,30}} ){{1,2}}(?:Straße|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer) "
    rf"\d{{1,3}} ?[a-z]?(?:\b(?:{_PLZ})|\b)"
)
_FRENCH = re.compile(
    r"(?<![\w.,/-])\d{1,4}(?: bis| ter| quater)?,? "
    r"(?:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai|cours|route|square|passage) "
    r"(?:(?:de|du|des|la|le|les|d['’]|l['’]|de la) ?){0,3}[A-ZÀ-Ý][\w'’à-ÿ-]{1,30}(?: [\w'’à-ÿ-]{1,30}){0,4}"
    r"(?:,? \d{5} [A-ZÀ-Ý][\w'’à-ÿ-]{1,30}(?:[ -][A-ZÀ-Ý0-9][\w'’à-ÿ-]{0,30}){0,3})?",
)
_BOX = re.compile(
    rf"(?<!\w)(?:[Pp]\.? ?[Oo]\.? ?|Post Office |POST OFFICE )(?:Box|BOX|box) \d{{1,8}}(?:{_PLACE}(?:{_ZIP}|,? {_POSTCODE})?)?"
)
_BOX_ABROAD = re.compile(r"(?<!\w)(?:Postfach|BP|B\.P\.|Boîte postale) \d[\d ]{1,8}\b(?:,? \d{5} [A-ZÄÖÜÀ-Ý][\w-]{1,30})?")

RECOGNIZERS = (
    Recognizer("POSTAL_ADDRESS", _ENGLISH, 0.8, "shape (UK, US)", digits=1),
    Recognizer("POSTAL_ADDRESS", _POSTCODE_ALONE, 0.6, "shape of a postcode", digits=2),
    Recognizer("POSTAL_ADDRESS", _ZIP_ALONE, 0.7, "place, state, ZIP code", digits=5),
    Recognizer("POSTAL_ADDRESS", _GERMAN, 0.8, "shape (DE)", digits=1,
               cues=("straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer")),
    Recognizer("POSTAL_ADDRESS", _FRENCH, 0.8, "shape (FR)", digits=1,
               cues=("rue", "avenue", "av.", "boulevard", "bd", "place", "chemin", "allée", "impasse", "quai", "cours", "route", "square",
                     "passage")),
    Recognizer("POSTAL_ADDRESS", _BOX, 0.8, "post-office box", digits=1, cues=("box",)),
    Recognizer("POSTAL_ADDRESS", _BOX_ABROAD, 0.8, "post-office box", digits=2, cues=("postfach", "bp ", "b.p.", "boîte")),
)  # fmt: skip
