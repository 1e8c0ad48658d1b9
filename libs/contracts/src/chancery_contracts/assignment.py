"""Which variant a unit (a conversation, else a single interaction) runs under: by hash alone, so that everybody comes to the same.

What holds: a unit keeps its variant while salt and weights stay. The weights are exact: a variant's share of all hashes is its weight over
the sum, to 2⁻⁶⁴. Variants lie side by side in their order: where weights change, only units between an old border and its new place move
(of two variants: as few as can be). A stopped variant's units go to the control, and no other unit moves.
"""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies.experiments import ExperimentBody, Variant
from chancery_contracts.interactions import Assignment

_HASHES = 1 << 64


@dataclass(frozen=True, slots=True)
class Running:
    """An experiment as it stands at a moment. Names of `stopped` variants are of this version."""

    tenant: str
    ref: VersionRef
    body: ExperimentBody
    stopped: frozenset[str] = frozenset()

    def weights(self) -> dict[str, int]:
        """By variant; the control has those of stopped ones too."""
        return effective_weights(self.body, self.stopped)

    def variant_of(self, unit: str) -> Variant | None:
        """None where no variant has any weight."""
        total = sum(variant.weight for variant in self.body.variants)
        point = position((self.tenant, self.ref.name, self.body.salt, unit)) * total // _HASHES
        for variant in self.body.variants:
            if point < variant.weight:
                return self.body.control if variant.name in self.stopped else variant
            point -= variant.weight
        return None

    def assign(self, unit: str) -> tuple[Assignment, Variant] | None:
        """What events say of it, and the variant."""
        variant = self.variant_of(unit)
        if variant is None:
            return None
        assignment = Assignment(experiment=self.ref, variant=variant.name, prompt=variant.prompt, weights=self.weights())
        return assignment, variant


def position(words: tuple[str, ...]) -> int:
    """The first 64 bits of SHA-256 over the words, each with its length before it, so that no two lists of words are one text."""
    digest = sha256()
    for word in words:
        encoded = word.encode()
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return int.from_bytes(digest.digest()[:8], "big")


def effective_weights(body: ExperimentBody, stopped: Collection[str]) -> dict[str, int]:
    """Weights after stops: what a stopped variant had is the control's."""
    weights = {variant.name: 0 if variant.name in stopped else variant.weight for variant in body.variants}
    weights[body.control.name] += sum(variant.weight for variant in body.variants if variant.name in stopped)
    return weights
