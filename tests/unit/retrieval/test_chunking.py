"""Chunks are exact spans that follow a document's structure."""

from chancery_retrieval.domain.chunking import ChunkLimits, chunk_document
from chancery_retrieval.domain.passages import Chunk
from hypothesis import given, settings
from hypothesis import strategies as st


def count_words(text: str) -> int:
    return len(text.split())


SMALL = ChunkLimits(target=20, whole=40, small=6)


def cut(text: str, title: str = "The title", markdown: bool = True, limits: ChunkLimits = SMALL) -> list[Chunk]:
    return chunk_document(text, title=title, markdown=markdown, count=count_words, limits=limits)


def words(number: int, stem: str = "word") -> str:
    return " ".join(f"{stem}{i}" for i in range(number))


LINES = st.one_of(
    st.sampled_from(["", "", "# One", "## Two?", "###### Six ##", "- item", "  (a) sub item", "1. First", "5.2 Clause text.", "| a | b |",
                     "|---|:-:|", "| 1 | 2 |", "```", "~~~python", "   ", "\t", "#", "#no heading", "| - |", "**5.1** Bold."]),
    st.text(max_size=120),
    st.integers(1, 60).map(words),
)  # fmt: skip
DOCUMENTS = st.lists(LINES, max_size=30).flatmap(lambda lines: st.sampled_from(["\n", "\r\n", "\n\n"]).map(lambda end: end.join(lines)))


class TestSpans:
    @settings(max_examples=300, deadline=None)
    @given(text=DOCUMENTS, markdown=st.booleans())
    def test_every_chunk_is_an_exact_span_and_together_they_leave_out_only_white_space(self, text: str, markdown: bool) -> None:
        at = 0
        for chunk in cut(text, markdown=markdown):
            assert chunk.start >= at, "chunks overlap or are out of order"
            assert text[at : chunk.start].strip() == "", "words were lost between chunks"
            assert text[chunk.start : chunk.end] == chunk.text
            assert chunk.text.strip(), "a chunk without words"
            at = chunk.end
        assert text[at:].strip() == "", "words were lost at the end"

    @settings(max_examples=100, deadline=None)
    @given(text=DOCUMENTS)
    def test_no_chunk_is_longer_than_the_longest_that_may_stay_whole(self, text: str) -> None:
        longest_line = max((count_words(line) for line in text.splitlines()), default=0)
        assert all(count_words(chunk.text) <= max(SMALL.whole, SMALL.target + 2 * longest_line) for chunk in cut(text))

    def test_a_text_without_any_white_space_is_cut_all_the_same(self) -> None:
        text = "x" * 5_000
        chunks = chunk_document(text, title="", markdown=False, count=lambda piece: len(piece) // 6, limits=SMALL)
        assert "".join(chunk.text for chunk in chunks) == text
        assert len(chunks) > 10

    def test_hostile_lines_take_linear_time(self) -> None:
        hostile = ["# " + " " * 60_000 + "x", "|" + " -" * 30_000 + "x", "- " + "(" * 60_000, "*" * 60_000, "1." * 30_000]
        for line in hostile:
            cut(f"{line}\n| a |\n{line}")


class TestStructure:
    def test_a_question_stays_with_its_answer_beyond_the_usual_size(self) -> None:
        text = f"# FAQ\n\n## Is it free?\n\n{words(15)}.\n\n{words(15, 'more')}.\n\n## And abroad?\n\nNo."
        chunks = cut(text)
        assert [chunk.text.splitlines()[0] for chunk in chunks] == ["# FAQ", "## And abroad?"]
        assert "more14" in chunks[0].text

    def test_headings_above_are_indexed_but_not_part_of_the_span(self) -> None:
        text = "# Part\n\nIntro.\n\n## Chapter\n\n### Section\n\nBody."
        last = cut(text)[-1]
        assert last.context == "The title > Part"
        assert last.text == "## Chapter\n\n### Section\n\nBody."
        assert last.indexed_text == "The title > Part\n" + last.text

    def test_a_continued_section_names_its_own_heading(self) -> None:
        text = f"## Long\n\n{words(15)}.\n\n{words(15)}.\n\n{words(15)}."
        assert [chunk.context for chunk in cut(text)] == ["The title", "The title > Long", "The title > Long"]

    def test_a_first_heading_that_repeats_the_title_is_named_once(self) -> None:
        assert cut("# Annual report: 2025\n\nIntro.\n\n## Two\n\nBody.", title="Annual Report 2025")[-1].context == "Annual report: 2025"

    def test_a_clause_keeps_its_items(self) -> None:
        clause = f"5.2 The supplier shall {words(10)}:\n\n(a) {words(8, 'first')};\n\n(b) {words(8, 'second')}."
        text = f"## Liability\n\n5.1 {words(14)}.\n\n{clause}\n\n5.3 {words(14)}."
        assert clause in [chunk.text for chunk in cut(text)]

    def test_a_long_table_is_split_by_rows_and_its_header_repeated(self) -> None:
        header = "| Fee | Amount |\n|---|---|"
        rows = [f"| Fee number {i} | {i} pounds |" for i in range(20)]
        chunks = cut("\n".join([header, *rows]))
        assert len(chunks) > 3
        assert all(row in "\n".join(chunk.text for chunk in chunks) for row in rows)
        assert all(chunk.context == f"The title\n{header}" for chunk in chunks[1:])

    def test_plain_text_has_no_headings(self) -> None:
        assert cut("# not a heading\nbut prose", markdown=False)[0].text == "# not a heading\nbut prose"

    def test_hash_signs_inside_code_are_not_headings(self) -> None:
        chunks = cut("Before.\n\n```\n# comment\n```\n\nAfter.")
        assert len(chunks) == 1
        assert chunks[0].section == 0

    def test_an_empty_document_has_no_chunks(self) -> None:
        assert cut(" \n\t\r\n") == []
