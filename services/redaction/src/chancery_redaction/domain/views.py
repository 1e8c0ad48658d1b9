"""What a detector reads of a text, and from there back to the text's own characters.

A detector knows prose. So that it finds a person in JSON, in a table, in a quoted e-mail, it reads each value decoded, behind the name of
its field or column, without the marks of emphasis and quotation that split it. What it finds is masked where it stands.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chancery_redaction.domain.json_text import Scalar, json_regions, scalars
from chancery_redaction.domain.parts import Part
from chancery_redaction.domain.spans import Span
from chancery_redaction.domain.spellings import Spelling, spelled
from chancery_redaction.domain.tables import Table, tables

_OURS = -1
"""A character that stands in the view alone."""
_HIDDEN = re.compile(
    r"(?m)^[ \t]{0,3}(?:>[ \t]?){1,40}"  # a quoted line
    r"|\*{1,3}(?=[^\W\d_])|(?<=[^\W\d_])\*{1,3}|~~|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)"  # emphasis about letters
    r"|\\(?=[_*.\-+@#])"  # Markdown's escape
)
_KEPT_KEY = re.compile(r"[A-Za-z_$](?:[A-Za-z_$-]|[0-9](?![0-9]{4}))*")
"""A field's name. What has more figures at a stretch is a number that somebody keeps values by: an IBAN, an account."""
SPARE = 50_000
"""Characters that names of fields may take in the views of a request, and twice as many as its texts have: no view is much longer."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-]+")


@dataclass
class View:
    """`text` is read by detectors; character `i` of it is `starts[i]` to `ends[i]` of the original."""

    original: str
    text: str = ""
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()
    scalars: list[Scalar] = field(default_factory=list)
    homes: Sequence[int] = ()
    """For each character, its scalar; none: -1."""
    spare: int = 0
    """What was left for names of fields; below 0, values stand here without theirs: a view that no detector may be given."""

    def parts(self, span: Span) -> Iterator[Part]:
        """The stretches of the original that a span covers, none across a line's end or out of a field."""
        runs = list(self._runs(span.start, span.end))
        whole = len(runs) == 1 and runs[0] == (span.start, span.end)
        full = span.of or (None if whole else " ".join(self.text[span.start : span.end].split()))
        for start, end in runs:
            yield self._part(span, start, end, full)

    def _runs(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        begun: int | None = None
        for at in range(start, end + 1):
            here = at < end and self.starts[at] != _OURS and self.text[at] not in "\r\n"
            broken = begun is not None and (not here or self.starts[at] != self.ends[at - 1] or self.homes[at] != self.homes[at - 1])
            if begun is not None and broken:
                yield from self._stripped(begun, at)
                begun = None
            if here and begun is None:
                begun = at

    def _stripped(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        words = self.text[start:end]
        start += len(words) - len(words.lstrip())
        if words.strip():
            yield start, start + len(words.strip())

    def _part(self, span: Span, start: int, end: int, of: str | None) -> Part:
        home = self.homes[start]
        first, last, decoded = self.starts[start], self.ends[end - 1], self.text[start:end]
        scalar = self.scalars[home] if home >= 0 else None
        if scalar is not None and scalar.kind == "number":
            raw = self.original[scalar.start : scalar.end]
            return Part(span.entity_type, scalar.start, scalar.end, Spelling("number", raw), span.score, of or raw, scalar.depth)
        spelling = spelled(decoded, self.original[first:last], scalar.depth if scalar is not None else 0)
        return Part(span.entity_type, first, last, spelling, span.score, of or (None if spelling.kind == "plain" else decoded))


def views(texts: Sequence[str]) -> list[View] | None:
    """Of the messages of a request; None where names of fields, repeated for each value, would make them too long to be read."""
    spare = 2 * sum(map(len, texts)) + SPARE
    seen: list[View] = []
    for text in texts:
        seen.append(view(text, spare))
        spare = seen[-1].spare
        if spare < 0:
            return None
    return seen


def view(text: str, spare: int | None = None) -> View:
    """Of a whole message."""
    builder = _Builder(text, 2 * len(text) + SPARE if spare is None else spare)
    position = 0
    for start, end in json_regions(text):
        builder.prose(position, start)
        builder.json(start, end)
        position = end
    builder.prose(position, len(text))
    return builder.view()


class _Builder:
    def __init__(self, text: str, spare: int) -> None:
        self._original = text
        self._pieces: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._homes: list[int] = []
        self._scalars: list[Scalar] = []
        self._spare = spare

    def view(self) -> View:
        return View(self._original, "".join(self._pieces), self._starts, self._ends, self._scalars, self._homes, self._spare)

    def prose(self, start: int, end: int) -> None:
        position = start
        for table in tables(self._original, start, end):
            self._words(position, table.start)
            self._table(table)
            position = table.end
        self._words(position, end)

    def _words(self, start: int, end: int) -> None:
        """As they stand, without what is hidden."""
        position = start
        for found in _HIDDEN.finditer(self._original, start, end):
            self._copy(position, found.start())
            position = found.end()
        self._copy(position, end)

    def _copy(self, start: int, end: int) -> None:
        self._add(self._original[start:end], range(start, end), range(start + 1, end + 1), -1)

    def _add(self, text: str, starts: Sequence[int], ends: Sequence[int], home: int) -> None:
        self._pieces.append(text)
        self._starts += starts
        self._ends += ends
        self._homes += [home] * len(text)

    def _ours(self, text: str) -> None:
        self._spare -= len(text)
        if self._spare >= 0:
            self._add(text, [_OURS] * len(text), [_OURS] * len(text), -1)

    def _table(self, table: Table) -> None:
        self._words(table.start, table.headings_end)
        for cell in table.cells:
            if not self._original[cell.start : cell.end].isspace() and cell.start < cell.end:
                self._ours(_HUMP.sub(" ", cell.heading) + ": ")
            self._words(cell.start, cell.end)
            self._ours("\n")
        self._ours("\n")

    def json(self, start: int, end: int) -> None:
        self._ours("\n")
        for scalar in scalars(self._original, start, end):
            if scalar.kind != "key" or not _KEPT_KEY.fullmatch(scalar.decoded):
                self._scalar(scalar)
        self._ours("\n")

    def _scalar(self, scalar: Scalar) -> None:
        if scalar.kind != "key" and scalar.name:
            self._ours(_HUMP.sub(" ", scalar.name)[:80] + ": ")
        self._scalars.append(scalar)
        self._add(scalar.decoded, scalar.starts, scalar.ends, len(self._scalars) - 1)
        self._ours("\n")
