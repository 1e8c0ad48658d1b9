"""Which version of a document stands in the index: the highest, unless it was withdrawn."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chancery_contracts.areas import DocumentPublished
from chancery_contracts.event import Event
from chancery_contracts.failures import Poison

from chancery_retrieval.domain.passages import DocumentVersion, Indexed

State = Literal["indexed", "replaced", "superseded", "withdrawn"]


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version in the history."""

    version: int
    fingerprint: str
    event_id: str
    state: State
    indexed: Indexed


@dataclass(frozen=True, slots=True)
class Standing:
    """`indexed`: it stands in the index already. `wanted`: it should be put there. Neither: it stays out."""

    indexed: Indexed | None = None
    wanted: bool = False


def version_of(event: Event[DocumentPublished]) -> DocumentVersion:
    """What the event says of the document, its text as a fingerprint."""
    data = event.data
    contents = json.dumps([data.collection, event.matter, data.title, data.media_type, data.text], ensure_ascii=True)
    return DocumentVersion(
        event.tenant, data.document_id, data.version, data.collection, event.matter, data.title,
        hashlib.sha256(contents.encode()).hexdigest(), event.id,
    )  # fmt: skip


def standing_of(document: DocumentVersion, known: Sequence[KnownVersion]) -> Standing:
    """Raises Poison where the same version was published with other contents: versions are immutable."""
    for same in (one for one in known if one.version == document.version):
        if same.fingerprint != document.fingerprint:
            raise Poison("this version of the document was published before with other contents: publish the next version")
        if same.state == "indexed":
            return Standing(indexed=same.indexed)
        if same.event_id == document.event_id:
            return Standing()  # a late redelivery must not undo a withdrawal or a newer version
    return Standing(wanted=all(one.version <= document.version for one in known))
