"""Documents cut into chunks along their structure.

Every chunk is an exact span; chunks never overlap, and nothing but white space is left out. A section's own heading is
part of its first chunk (a question stays with its answer); the headings above it are context, outside the span.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chancery_retrieval.domain.blocks import Block, parse_blocks
from chancery_retrieval.domain.passages import Chunk
from chancery_retrieval.domain.splitting import Span, split_span

TokenCounter = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """In tokens of the embedding model, which reads 512 at most, context included."""

    target: int = 160
    """Neighbouring blocks are put together up to this."""
    whole: int = 320
    """A question with its answer, a clause with its items, a table: kept whole up to this."""
    small: int = 48
    """A piece this short (a table's caption, a note under it) goes with its neighbour, up to `whole`."""
    context_characters: int = 300


@dataclass(frozen=True, slots=True)
class _Section:
    """Headings that open it, and the blocks up to the next heading. `path` names the headings above, outermost first."""

    ordinal: int
    path: tuple[str, ...]
    headings: tuple[Block, ...]
    body: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A span that stays in one chunk. `header` is repeated before it, for rows of a table."""

    start: int
    end: int
    tokens: int
    header: str = ""


def chunk_document(text: str, *, title: str, markdown: bool, count: TokenCounter, limits: ChunkLimits | None = None) -> list[Chunk]:
    """The chunks of a document, in order."""
    limits = limits or ChunkLimits()
    chunks: list[Chunk] = []
    for section in _sections(parse_blocks(text, markdown=markdown)):
        chunks.extend(_cut_section(text, title, section, count, limits))
    return chunks


def _sections(blocks: list[Block]) -> Iterator[_Section]:
    """Headings without a body of their own open the next section, so that no heading stands alone unless it ends the text."""
    trail: list[Block] = []
    headings: list[Block] = []
    body: list[Block] = []
    ordinal = 0
    for block in blocks:
        if block.kind != "heading":
            body.append(block)
            continue
        if body:
            yield _Section(ordinal, _path(trail, headings), tuple(headings), tuple(body))
            ordinal, headings, body = ordinal + 1, [], []
        trail = [*(above for above in trail if above.level < block.level), block]
        headings.append(block)
    if headings or body:
        yield _Section(ordinal, _path(trail, headings), tuple(headings), tuple(body))


def _path(trail: list[Block], own: list[Block]) -> tuple[str, ...]:
    return tuple(heading.label for heading in trail if heading not in own)


def _cut_section(text: str, title: str, section: _Section, count: TokenCounter, limits: ChunkLimits) -> Iterator[Chunk]:
    start = (section.headings or section.body)[0].start
    end = (section.body or section.headings)[-1].end
    first_context = _context(title, section.path, limits)
    room = limits.whole if _is_question(section) else limits.target
    if count(text[start:end]) <= room:
        yield Chunk(start, end, text[start:end], first_context, section.ordinal)
        return
    full_path = (*section.path, *(heading.label for heading in section.headings))
    context = _context(title, full_path, limits)
    for number, unit in enumerate(_packed(text, section, count, limits)):
        above = first_context if number == 0 else context
        joined = "\n".join(part for part in (above, unit.header) if part)
        yield Chunk(unit.start, unit.end, text[unit.start : unit.end], joined, section.ordinal)


def _is_question(section: _Section) -> bool:
    return bool(section.headings) and section.headings[-1].label.rstrip("*_ ").endswith("?")


def _context(title: str, path: tuple[str, ...], limits: ChunkLimits) -> str:
    """`Title > Heading > Heading`; the innermost survive where it is too long. A heading that repeats the title is named once."""
    repeated = bool(path) and _bare(path[0]) == _bare(title)
    parts = path if repeated else (title, *path)
    return " > ".join(part for part in parts if part)[-limits.context_characters :]


def _bare(label: str) -> str:
    return "".join(character for character in label.casefold() if character.isalnum())


def _fits(held: _Unit, unit: _Unit, limits: ChunkLimits) -> bool:
    if unit.header and unit.header != held.header:
        return False
    room = limits.whole if min(held.tokens, unit.tokens) < limits.small else limits.target
    return held.tokens + unit.tokens <= room


def _packed(text: str, section: _Section, count: TokenCounter, limits: ChunkLimits) -> Iterator[_Unit]:
    """Neighbouring units put together, up to the target."""
    held: _Unit | None = None
    for unit in _units(text, section, count, limits):
        if held is None:
            held = unit
        elif _fits(held, unit, limits):
            held = replace(held, end=unit.end, tokens=held.tokens + unit.tokens)
        else:
            yield held
            held = unit
    if held is not None:
        yield held


def _units(text: str, section: _Section, count: TokenCounter, limits: ChunkLimits) -> Iterator[_Unit]:
    """Headings go with the first unit of the body; what is too long is split."""
    groups = list(_grouped(section.body)) or [section.headings]
    opening = section.headings[0].start if section.headings else None
    for group in groups:
        start = group[0].start if opening is None else opening
        opening = None
        yield from _pieces(text, Span(start, group[-1].end), group[0], count, limits)


def _grouped(body: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
    """A clause, or a paragraph that ends in a colon's list, takes the items that follow it."""
    group: list[Block] = []
    for block in body:
        if group and not (block.kind == "item" and group[0].kind in ("clause", "paragraph")):
            yield tuple(group)
            group = []
        group.append(block)
    if group:
        yield tuple(group)


def _pieces(text: str, span: Span, block: Block, count: TokenCounter, limits: ChunkLimits) -> Iterator[_Unit]:
    tokens = count(text[span.start : span.end])
    if tokens <= (limits.whole if block.kind in ("clause", "table") else limits.target):
        yield _Unit(span.start, span.end, tokens)
        return
    header = _table_header(text, block) if block.kind == "table" else ""
    for number, piece in enumerate(split_span(text, span, limits.target, count, by_line=block.kind in ("table", "code"))):
        yield _Unit(piece.start, piece.end, count(text[piece.start : piece.end]), header if number else "")


def _table_header(text: str, block: Block) -> str:
    """The two lines before a table's rows; a header of unreasonable width is not repeated."""
    header = "\n".join(text[block.start : block.end].split("\n", 2)[:2])
    return header if len(header) <= 400 else ""
