"""The report of an evidence pack: what it tells, and that nothing that a stranger wrote can run, hide, or leave its place."""

from html.parser import HTMLParser
from itertools import pairwise

import pytest
from chancery_audit.domain.report import MOST_INTERACTIONS, Report
from chancery_audit.domain.report_markup import css_string, cut, moment, plain
from chancery_audit.domain.report_steps import TELLERS
from chancery_contracts.topics import PAYLOADS
from chancery_testing import builders

HOSTILE = "</style></p><script>alert(1)</script><img src=x onerror=alert(2)>\" onload='x' &lt; ]]> \u202egnp.exe"
NOTE = "log.example/bank\n9\nAAAA\n\n— log.example/bank c2ln\n"


class Page(HTMLParser):
    """Every element with its attributes, and all text outside the style element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.words += "" if self.open[-1:] == ["style"] else data


def _members(event):
    told = {"type": type(event.data).TYPE, "time": event.time.isoformat(), "source": event.source, "interaction": event.interaction}
    return {name: value for name, value in told.items() if value is not None}


def _report(*events, states=None, selection=None, tenant="bank", versions=()):
    report = Report()
    for seq, event in enumerate(events):
        state = (states or {}).get(seq, "shown")
        report.take(_members(event), seq, state, event.data.model_dump_json().encode() if state == "shown" else b"")
    custody = {"reader": "operator", "time": "2026-11-02T09:00:00+00:00", "revealed": "true", "software": "chancery-audit 1"}
    about = {"custody": custody, "selection": selection or {}, "tenant": tenant, "log": "log.example/bank"}
    payloads = {"shown": len(events), "hidden": 0, "erased": 0}
    tally = {"payloads": payloads, "entries": len(events), "accepted": 1, "accepted_and_ended": 1, "unfinished": []}
    return report.html(about, NOTE, tally, versions=versions)


def _completed():
    asked = builders.requested(interaction="i-1")
    return asked.follow(builders.completed_data(), stage="restore", time=asked.time)


def _pipeline(**more):
    of_one = {"interaction": "i-1"}
    stages = [builders.redacted(**of_one), builders.generated(**of_one, **more), builders.validated(**of_one)]
    return [builders.requested(**of_one), *stages, _completed()]


class TestHostileWords:
    @pytest.fixture
    def page(self):
        events = [
            builders.requested(HOSTILE),
            builders.generated(answer=HOSTILE, passages=(builders.PASSAGE.model_copy(update={"title": HOSTILE, "text": HOSTILE}),)),
            builders.refused(reason=HOSTILE),
        ]
        versions = [{"kind": HOSTILE, "name": HOSTILE, "version": 1, "title": HOSTILE}]
        return _report(*events, selection={"matter": HOSTILE}, tenant=HOSTILE, versions=versions)

    def test_nothing_runs_and_nothing_is_fetched(self, page: str) -> None:
        elements = Page(page).elements
        assert not {"script", "img", "link", "iframe", "object", "form", "base"} & {tag for tag, _ in elements}
        attributes = [(name, value or "") for _, found in elements for name, value in found.items()]
        assert not [name for name, _ in attributes if name.startswith("on") or name in {"src", "style"}]
        assert all(value.startswith("#") for name, value in attributes if name == "href")
        assert "default-src 'none'" in page and "url(" not in page and "@import" not in page

    def test_the_style_element_ends_where_it_should(self, page: str) -> None:
        assert page.count("</style>") == 1
        assert "<script" not in page

    def test_what_would_reorder_the_words_is_told_by_its_number(self, page: str) -> None:
        assert "\u202e" not in page
        assert "[U+202E]gnp.exe" in Page(page).words

    def test_all_of_it_is_there_to_read(self, page: str) -> None:
        assert Page(page).words.count("<script>alert(1)</script>") >= 6

    def test_elements_are_closed_in_order(self, page: str) -> None:
        assert Page(page).open == []


class TestWhatIsTold:
    def test_an_interaction_in_short_before_its_events(self) -> None:
        words = Page(_report(*_pipeline(answer="Yes, within three days."))).words
        assert words.index("Asked (personal data masked)") < words.index("Request received, as it was written")
        assert "Yes, within three days." in words
        assert "released" in words

    def test_an_answer_that_was_held_back_does_not_look_given(self) -> None:
        held = builders.validated(interaction="i-1", verdict="withhold")
        words = Page(_report(builders.generated(interaction="i-1", answer="Yes."), held)).words
        assert "Proposed by the model, and not given outYes." in words
        assert "Answered" not in words

    def test_a_failed_check_is_told_in_words(self) -> None:
        checked = builders.validated()
        failed = checked.data.checks[0].model_copy(update={"passed": False})
        page = _report(builders.event(checked.data.model_copy(update={"checks": (failed,)}), tenant="bank"))
        assert "FAILED" in Page(page).words

    @pytest.mark.parametrize(("state", "words"), [("hidden", "HIDDEN"), ("erased", "ERASED")])
    def test_what_is_not_shown_says_why(self, state: str, words: str) -> None:
        assert words in Page(_report(*_pipeline(), states={0: state})).words

    def test_the_checkpoint_by_size_root_and_signer(self) -> None:
        words = Page(_report()).words
        assert "9 entries at the checkpoint" in words
        assert "Signed bylog.example/bank" in words

    def test_only_so_many_interactions_and_the_rest_is_counted(self) -> None:
        events = [builders.requested(interaction=f"i{number}", id=f"i{number}") for number in range(MOST_INTERACTIONS + 2)]
        assert "2 further interactions" in Page(_report(*events)).words

    def test_headings_go_down_one_level_at_a_time(self) -> None:
        levels = [int(tag[1]) for tag, _ in Page(_report(*_pipeline())).elements if tag in {"h1", "h2", "h3", "h4"}]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))

    def test_every_event_of_an_interaction_has_words(self) -> None:
        types = {name.removeprefix("chancery.").removesuffix(".v1") for name in PAYLOADS if name.startswith("chancery.interaction.")}
        assert types <= TELLERS.keys()

    def test_a_type_that_it_does_not_know_is_named(self) -> None:
        report = Report()
        report.take({"type": "chancery.interaction.weighed.v1", "time": "now", "source": "s", "interaction": "i"}, 0, "shown", b'{"a": 1}')
        tally = {
            "payloads": {"shown": 1, "hidden": 0, "erased": 0},
            "entries": 1,
            "accepted": 0,
            "accepted_and_ended": 0,
            "unfinished": ["i"],
        }
        about = {"custody": {"reader": "r", "time": "now"}, "selection": {}, "tenant": "bank", "log": "log.example/bank"}
        words = Page(report.html(about, NOTE, tally)).words
        assert "interaction.weighed" in words and "Its payload is in the entries files" in words


class TestMarkup:
    def test_a_css_string_has_only_letters_digits_and_numbers_of_others(self) -> None:
        written = css_string('a"} body { display: none } </style> é\n')
        assert written[0] == written[-1] == '"'
        assert set(written[1:-1]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\\")

    def test_what_is_cut_ends_at_a_word_and_says_so(self) -> None:
        assert cut("one two three", 9) == "one two […]"
        assert cut("one", 9) == "one"

    def test_times_are_told_in_utc(self) -> None:
        assert ">2 November 2026, 08:00:00.250 UTC<" in moment("2026-11-02T09:00:00.250+01:00")
        assert moment("<yesterday>") == "&lt;yesterday&gt;"

    def test_lines_and_tabs_stay(self) -> None:
        assert plain("a\r\nb\tc\x00") == "a\nb\tc[U+0000]"
