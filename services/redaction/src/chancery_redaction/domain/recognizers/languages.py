"""Words of a language that say what a number is. A further language is one more entry here; its recognizers follow from it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """Words are alternatives of a pattern, in either case unless they are titles or roles."""

    code: str
    months: tuple[str, ...]
    birth: tuple[str, ...]
    age_before: tuple[str, ...]
    age_after: tuple[str, ...]
    titles: tuple[str, ...]
    roles: tuple[str, ...]
    cues: tuple[str, ...]
    """Lower-case pieces, one of which is in every word of birth and age."""


ENGLISH = Language(
    code="en",
    months=("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
            "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sept", "Sep", "Oct", "Nov", "Dec"),
    birth=(r"(?:was |were )?born(?: on)?", r"dates? of birth", r"d\.?o\.?b\.?", r"birth ?date", r"birthday", r"b\."),
    age_before=(r"aged?", r"age of", r"turned"),
    age_after=(r"years? old", r"years? of age", r"-years?-old", r"y/o", r"yo\b"),
    titles=("Mrs", "Mr", "Ms", "Miss", "Mx", "Dr", "Prof", "Professor", "Sir", "Dame", "Lord", "Lady", "Rev", "Reverend", "Judge",
            "Justice", "Baroness", "Baron", "Hon", "Esq", "QC", "KC"),
    roles=("Chief Executive Officer", "Chief Financial Officer", "Chief Operating Officer", "Chief Risk Officer", "General Counsel",
           "Managing Director", "Managing Partner", "Senior Partner", "Chairman", "Chairwoman", "Company Secretary", "Treasurer",
           "Head of Compliance", "Money Laundering Reporting Officer", "Attorney General", "Public Prosecutor", "Solicitor", "Barrister",
           "Trustee", "Executor", "Notary"),
    cues=("born", "birth", "dob", "d.o.b", "d.o.b.", "b.", "age", "turned", "old", "y/o", "yo"),
)  # fmt: skip
GERMAN = Language(
    code="de",
    months=("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"),
    birth=(r"geboren(?: am)?", r"geb\.(?: am)?", r"Geburtsdatum", r"Geburtstag"),
    age_before=(r"im Alter von", r"Alter"),
    age_after=(r"Jahre alt", r"-jährige[rnms]?", r"Jahren"),
    titles=("Herrn", "Herr", "Frau", "Prof", "Dr", "Richterin", "Richter", "Rechtsanwältin", "Rechtsanwalt"),
    roles=("Geschäftsführerin", "Geschäftsführer", "Vorstandsvorsitzende", "Vorstandsvorsitzender", "Prokuristin", "Prokurist", "Notarin",
           "Notar", "Insolvenzverwalterin", "Insolvenzverwalter", "Aufsichtsratsvorsitzender"),
    cues=("geb", "alter", "jahre", "jährige"),
)  # fmt: skip
LANGUAGES = (ENGLISH, GERMAN)
