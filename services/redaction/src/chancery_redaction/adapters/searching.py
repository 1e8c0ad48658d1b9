"""The detector: our recognizers, what the tenant adds, names by NER, and the shorter mentions of persons that were found."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from chancery_contracts.bodies import RedactionPolicyBody

from chancery_redaction.domain.coreference import PERSON, refer
from chancery_redaction.domain.plausible import plausible
from chancery_redaction.domain.recognizers import LANGUAGE_CODES, recognize
from chancery_redaction.domain.spans import Span, settle
from chancery_redaction.domain.tenant import find_names, find_patterns
from chancery_redaction.errors import UnknownLanguage
from chancery_redaction.ports import EntityFinder


class SearchingDetector:
    """Used by a few threads: the work is the processor's, so the loop stays free for heartbeats."""

    def __init__(self, entities: EntityFinder, threads: int = 2) -> None:
        self._entities = entities
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="search")

    async def detect(self, texts: Sequence[str], policy: RedactionPolicyBody) -> list[list[Span]]:
        """Settled spans of each text; the texts are those of one request. Raises UnknownLanguage."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.detect_all, texts, policy)

    def detect_all(self, texts: Sequence[str], policy: RedactionPolicyBody) -> list[list[Span]]:
        """The same, in this thread."""
        unknown = set(policy.languages) - LANGUAGE_CODES
        if unknown:
            raise UnknownLanguage(", ".join(sorted(unknown)))
        allowed = frozenset(word.casefold() for word in policy.allow_list)
        found = [[span for span in self._found_in(text, policy) if _counts(span, text, policy, allowed)] for text in texts]
        if PERSON in policy.entity_types or policy.names:
            found = refer(texts, found)
        return [
            settle(span for span in spans if text[span.start : span.end].casefold() not in allowed)
            for text, spans in zip(texts, found, strict=True)
        ]

    def _found_in(self, text: str, policy: RedactionPolicyBody) -> list[Span]:
        types = frozenset(policy.entity_types)
        spans = recognize(text, types, frozenset(policy.languages))
        spans += find_names(text, policy.names) + find_patterns(text, policy.patterns)
        asked = types & self._entities.types
        if not asked:
            return spans
        named = self._entities.find(text, asked, policy.profile)
        # Of a judgment everything that may identify is masked, a firm that reads like a person too.
        return spans + (named if policy.profile == "judgment" else plausible(text, named))

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _counts(span: Span, text: str, policy: RedactionPolicyBody, allowed: frozenset[str]) -> bool:
    threshold = policy.thresholds.get(span.entity_type, policy.score_threshold)
    return span.score >= threshold and text[span.start : span.end].casefold() not in allowed
