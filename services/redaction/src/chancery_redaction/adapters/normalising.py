"""A detector that reads texts in their plain form, and tells where in the original it found what."""

from collections.abc import Sequence

from chancery_contracts.bodies import RedactionPolicyBody

from chancery_redaction.domain.normalising import normalised
from chancery_redaction.domain.spans import Span, settle
from chancery_redaction.ports import Detector


class NormalisingDetector:
    """Around another detector."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    async def detect(self, texts: Sequence[str], policy: RedactionPolicyBody) -> list[list[Span]]:
        """Settled spans of each text. Raises Retry."""
        plain = [normalised(text) for text in texts]
        found = await self._detector.detect([one.text for one in plain], policy)
        return [
            spans if one.text is text else settle(map(one.original, spans)) for text, one, spans in zip(texts, plain, found, strict=True)
        ]
