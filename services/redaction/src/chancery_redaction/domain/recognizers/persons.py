"""What is said of a person in words of a language: date of birth, age, title, role."""

import re
from dataclasses import replace

from chancery_redaction.domain.recognizers.languages import LANGUAGES, Language
from chancery_redaction.domain.recognizers.recognizer import Recognizer, further


def _either(words: tuple[str, ...]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def _date(language: Language) -> str:
    months = f"(?i:{_either(language.months)})"
    numbers = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}"
    named = rf"\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of)? {{1,2}}{months}\.?,? {{1,2}}\d{{4}}"
    named += rf"|{months}\.? {{1,2}}\d{{1,2}}(?:st|nd|rd|th)?,? {{1,2}}\d{{4}}"
    return f"(?P<value>{numbers}|{named})(?!\\d)"


def _born(language: Language) -> Recognizer:
    pattern = re.compile(rf"(?<!\w)(?i:{_either(language.birth)})[^\n\w]{{0,6}}(?:[^\W\d]{{1,12}}[^\n\w]{{1,4}}){{0,3}}?{_date(language)}")
    return replace(_of(language, "DATE_OF_BIRTH", pattern, 0.9), further=further(_date(language)))


def _ages(language: Language) -> tuple[Recognizer, Recognizer]:
    before = re.compile(rf"(?<![\w-])(?i:{_either(language.age_before)}):? {{0,2}}(?:is )?(?P<value>1[01]\d|[1-9]?\d)(?![\w%,/-]|\.\d| ?%)")
    after = re.compile(rf"(?<![\w.,/-])(?P<value>1[01]\d|[1-9]?\d)[ -]{{0,2}}(?i:{_either(language.age_after)})")
    return _of(language, "AGE", before, 0.8), _of(language, "AGE", after, 0.85)


def _titles(language: Language) -> tuple[Recognizer, Recognizer]:
    titles = re.compile(rf"(?<!\w)(?:{_either(language.titles)})\b\.?(?=\s{{1,3}}[^\W\d_a-z])")
    roles = re.compile(rf"(?<!\w)(?i:{_either(language.roles)})(?!\w)")
    codes = frozenset({language.code})
    return (
        Recognizer("TITLE", titles, 0.7, "list of the language", languages=codes),
        Recognizer("ROLE", roles, 0.7, "list of the language", languages=codes),
    )


def _of(language: Language, entity_type: str, pattern: re.Pattern[str], score: float) -> Recognizer:
    codes = frozenset({language.code})
    return Recognizer(entity_type, pattern, score, "words of the language near it", cues=language.cues, digits=1, languages=codes)


RECOGNIZERS = tuple(one for language in LANGUAGES for one in (_born(language), *_ages(language), *_titles(language)))
