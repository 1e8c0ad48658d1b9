"""Which requests are in a language whose personal data nobody here would recognise: py3langid, whose model is inside its package."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from chancery_contracts.failures import Retry
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from chancery_redaction.domain.languages import Piece, foreign, foreign_script, pieces
from chancery_redaction.domain.normalising import normalised

_OTHER_SCRIPTS = frozenset({"ar", "el", "he", "hi", "ja", "ko", "ru", "th", "uk", "zh"})
"""Where one of these is covered, the script tells nothing, and the classifier alone judges."""
_NEIGHBOURS = {"en": ("pcm",)}
"""What the classifier takes a language's plain sentences for."""
_NO_LANGUAGE = "zxx"


class LanguageCheck:
    """One classifier, used by threads: it only reads."""

    def __init__(self) -> None:
        self._classifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    async def uncovered(self, texts: Sequence[str], languages: Sequence[str]) -> bool:
        """Whether a piece of any text is in none of these languages (ISO 639-1). Raises Retry where that cannot be told."""
        try:
            return await asyncio.to_thread(self.uncovered_now, texts, tuple(languages))
        except Exception as exc:
            raise Retry(f"the language could not be told: {type(exc).__name__}", code="redaction_unavailable") from exc

    def uncovered_now(self, texts: Sequence[str], languages: tuple[str, ...]) -> bool:
        """The same, in this thread."""
        return any(self._uncovered(normalised(text).text, languages) for text in texts)

    def _uncovered(self, text: str, languages: tuple[str, ...]) -> bool:
        if not _OTHER_SCRIPTS.intersection(languages) and foreign_script(text):
            return True
        english = "en" in languages
        return any(self._foreign(piece, languages) for piece in pieces(text) if not (english and piece.english))

    def _foreign(self, piece: Piece, languages: tuple[str, ...]) -> bool:
        of_words = self._covered(piece.joined, languages)
        return of_words < 0.1 and foreign(piece, of_words, self._covered(piece.text, languages))

    def _covered(self, text: str, languages: tuple[str, ...]) -> float:
        """The probability that a text is in one of the languages, or in none."""
        ranked = dict(self._classifier.rank(text))
        return sum(float(ranked.get(name, 0)) for name in _named(languages))


@lru_cache(maxsize=64)
def _named(languages: tuple[str, ...]) -> frozenset[str]:
    return frozenset({_NO_LANGUAGE, *languages, *(name for one in languages for name in _NEIGHBOURS.get(one, ()))})
