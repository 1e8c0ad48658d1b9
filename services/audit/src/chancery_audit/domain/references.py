"""Which versions stood behind interactions: of use cases, prompts, models, policies, documents. Gathered from their payloads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chancery_contracts.areas import RegistryKind
from chancery_contracts.base import VersionRef

_KINDS: tuple[tuple[str, RegistryKind], ...] = (
    ("use_case", "use_case"), ("prompt", "prompt"), ("model", "model"), ("redaction_policy", "redaction_policy"),
)  # fmt: skip


@dataclass
class References:
    """What was named so far."""

    versions: set[tuple[RegistryKind, str, int]] = field(default_factory=set)
    documents: dict[tuple[str, int], str] = field(default_factory=dict)
    """Title by id and version."""

    def take(self, data: Mapping[str, Any]) -> None:
        """The payload of one event of an interaction."""
        for name, kind in _KINDS:
            ref = data.get(name)
            if isinstance(ref, Mapping):
                self.versions.add((kind, str(ref["name"]), int(ref["version"])))
        for one in (*data.get("passages", ()), *data.get("citations", ())):
            if "document_id" in one:
                self.documents[str(one["document_id"]), int(one["document_version"])] = str(one["title"])

    def refs(self) -> list[tuple[RegistryKind, VersionRef]]:
        """Versions of the registry, in order."""
        return [(kind, VersionRef(name=name, version=version)) for kind, name, version in sorted(self.versions)]
