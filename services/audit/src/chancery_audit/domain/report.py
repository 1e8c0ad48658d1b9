"""The readable part of an evidence pack: one HTML file that needs no other, a section an interaction. It prints; nothing in it runs."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

MOST_INTERACTIONS = 200
"""A report is for reading. The entries files hold all of them, and the report says how many it leaves out."""
MOST_TEXT = 4_000
MOST_PASSAGE = 400
Members = Mapping[str, str | int]
Data = Mapping[str, Any]

_STYLE = """
@page { size: A4; margin: 18mm 16mm; @bottom-right { content: counter(page); } }
body { font: 10.5pt/1.45 Georgia, 'Times New Roman', serif; color: #1c1c1c; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3, th, .kind, .pill, dt { font-family: 'Helvetica Neue', Arial, sans-serif; }
h1 { font-size: 20pt; margin: 0 0 .2rem; }
h2 { font-size: 13pt; margin: 2.2rem 0 .4rem; border-bottom: 1px solid #999; padding-bottom: .2rem; }
.lead { color: #555; margin-top: 0; }
.mono { font: 8.5pt/1.4 Menlo, Consolas, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 10rem 1fr; gap: .15rem 1rem; margin: .6rem 0; }
dt { font-size: 8.5pt; color: #555; padding-top: .15rem; }
dd { margin: 0; }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt; }
td, th { text-align: left; vertical-align: top; padding: .2rem .5rem; }
tr { border-bottom: 1px solid #ddd; }
.step { break-inside: avoid; margin: .7rem 0; padding-left: .8rem; border-left: 3px solid #b9c4d0; }
.kind { font-weight: 600; font-size: 9.5pt; }
.at { color: #666; font-size: 8.5pt; }
.text { white-space: pre-wrap; margin: .25rem 0; }
.quiet { color: #666; }
.pill { font-size: 8.5pt; padding: .05rem .5rem; border-radius: .6rem; border: 1px solid; }
.good { color: #14602f; }
.bad { color: #9b1c1c; }
.note { background: #f4f1e8; padding: .6rem .9rem; margin: 1rem 0; break-inside: avoid; }
section { break-before: auto; }
h2 { break-after: avoid; }
"""


@dataclass
class _Interaction:
    steps: list[tuple[str, int, str]] = field(default_factory=list)
    """Time, number in the log, what happened."""
    outcome: str | None = None
    members: Members = field(default_factory=dict)


@dataclass
class Report:
    """Gathers entries as they are exported; `html` tells them."""

    _interactions: dict[str, _Interaction] = field(default_factory=dict)
    _left_out: set[str] = field(default_factory=set)
    _others: Counter[str] = field(default_factory=Counter)

    def take(self, members: Members, seq: int, state: str, payload: bytes) -> None:
        """The next entry. `payload` is empty unless it is shown."""
        name = members.get("interaction")
        if name is None:
            self._others[_plain(str(members["type"]))] += 1
            return
        known = self._interactions.get(str(name))
        if known is None:
            if len(self._interactions) >= MOST_INTERACTIONS:
                self._left_out.add(str(name))
                return
            known = self._interactions[str(name)] = _Interaction(members=members)
        data = json.loads(payload) if payload else {}
        known.outcome = data.get("outcome") or data.get("verdict") or known.outcome
        known.steps.append((str(members["time"]), seq, _step(members, seq, state, data)))

    def html(
        self, about: Mapping[str, Any], checkpoint: str, tally: Mapping[str, Any], anchored: Sequence[tuple[str, str, str]] = ()
    ) -> str:
        """One file. `anchored`: kind, time and size of each anchor in the pack."""
        custody, states = about["custody"], tally["payloads"]
        chosen = ", ".join(f"{name} {value}" for name, value in about["selection"].items()) or "the whole log"
        facts = {
            "Tenant": about["tenant"], "Asked for": chosen, "Asked by": f"{custody['reader']}, {custody['time']}",
            "Log": about["log"], "Entries": str(tally["entries"]),
            "Payloads": f"{states['shown']} shown, {states['hidden']} hidden (raw text), {states['erased']} erased",
            "Interactions": f"{tally['accepted']} accepted, {tally['accepted_and_ended']} of them ended",
            "Unfinished": ", ".join(tally["unfinished"][:20]) or "none",
        }  # fmt: skip
        body = [
            "<h1>Evidence of model interactions</h1>",
            f'<p class="lead">{escape(chosen)} · {escape(about["tenant"])}</p>',
            _facts(facts),
            '<div class="note">This page is for reading. What proves is beside it: <span class="mono">python -m chancery_ledger verify '
            "PACK --key KEY</span> checks every byte of the pack against the log's signature, offline, with a key from elsewhere."
            "</div>",
            *(_section(name, one) for name, one in self._interactions.items()),
            _rest(len(self._left_out), self._others),
            "<h2>The checkpoint that all of it is under</h2>",
            f'<p class="text mono">{escape(checkpoint)}</p>',
            _anchors(anchored),
        ]
        head = f'<meta charset="utf-8"><title>Evidence: {escape(chosen)}</title><style>{_STYLE}</style>'
        return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>'


def _section(name: str, one: _Interaction) -> str:
    good = one.outcome in {"released", "release"}
    outcome = f' <span class="pill {"good" if good else "bad"}">{escape(one.outcome)}</span>' if one.outcome else ""
    wanted = {title: one.members.get(key) for title, key in (("Matter", "matter"), ("Conversation", "conversation"))}
    facts = _facts({title: str(value) for title, value in wanted.items() if value is not None})
    return f"<section><h2>{escape(name)}{outcome}</h2>{facts}{''.join(step for _, _, step in sorted(one.steps))}</section>"


def _anchors(anchored: Sequence[tuple[str, str, str]]) -> str:
    rows: list[tuple[object, ...]] = [(_ANCHORS[kind], at, size) for kind, at, size in anchored]
    return f"<h2>Where it was anchored</h2>{_table(('Where', 'When', 'Checkpoint of … entries'), rows)}" if rows else ""


def _rest(left_out: int, others: Mapping[str, int]) -> str:
    lines = [f"{count} × {escape(kind)}" for kind, count in sorted(others.items())]
    if left_out:
        lines.append(f"{left_out} further interactions, which are in the entries files")
    return f"<h2>Also in this pack</h2><p>{'<br>'.join(lines)}</p>" if lines else ""


def _step(members: Members, seq: int, state: str, data: Data) -> str:
    kind = _plain(str(members["type"]))
    told = _TELLERS.get(kind, _nothing)(data) if state == "shown" else f'<p class="quiet">{_STATES[state]}</p>'
    return (
        f'<div class="step"><span class="kind">{escape(kind)}</span> <span class="at">{escape(str(members["time"]))} · entry {seq} · '
        f"{escape(str(members['source']))}</span>{told}</div>"
    )


_ANCHORS = {"file": "Folder of checkpoints", "s3": "Bucket with object lock", "tsa": "Time stamp (RFC 3161)"}
_STATES = {"hidden": "Raw text: not asked for.", "erased": "ERASED. The entry still proves that it was there."}


def _plain(event_type: str) -> str:
    return event_type.removeprefix("chancery.").removesuffix(".v1")


def _facts(facts: Mapping[str, str]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(value)}</dd>' for name, value in facts.items())}</dl>" if facts else ""


def _text(text: object, most: int = MOST_TEXT) -> str:
    words = str(text or "")
    return f'<p class="text">{escape(words[:most])}{" […]" if len(words) > most else ""}</p>'


def _version(ref: object) -> str:
    return f"{ref.get('name')} v{ref.get('version')}" if isinstance(ref, Mapping) else str(ref)


def _table(heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{_cells(row)}</tr>' for row in rows)}</table>" if rows else ""


def _cells(row: tuple[object, ...]) -> str:
    return "".join(f"<td>{escape(str(one))}</td>" for one in row)


def _nothing(data: Data) -> str:
    return ""


def _messages(data: Data) -> str:
    return "".join(f'<div class="at">{escape(one["role"])}</div>{_text(one["content"])}' for one in data.get("messages", ()))


def _redacted(data: Data) -> str:
    masked = Counter(one["entity_type"] for one in data.get("findings", ()))
    facts = {
        "Use case": _version(data.get("use_case")), "Policy": _version(data.get("redaction_policy")),
        "Masked": ", ".join(f"{count} × {kind}" for kind, count in sorted(masked.items())) or "nothing",
    }  # fmt: skip
    return _messages(data) + _facts(facts)


def _grounded(data: Data) -> str:
    rows: list[tuple[object, ...]] = [(_source(one), one["text"][:MOST_PASSAGE]) for one in data.get("passages", ())]
    access = str(data.get("access", {}).get("rule"))
    return _table(("Passage", "Text"), rows) + _facts({"Access": access, "Corpus": str(data.get("corpus_snapshot"))})


def _source(one: Data) -> str:
    return f"{one['title']} ({one['document_id']} v{one['document_version']})"


def _authorised(data: Data) -> str:
    held = data.get("reservation", {})
    amount = f"{held.get('amount_micros', 0) / 1e6:.6f} {held.get('price', {}).get('currency', '')} at most, of budget {held.get('budget')}"
    return _facts({"Model": _version(data.get("model")), "Set aside": amount})


def _generated(data: Data) -> str:
    usage = {name: count for name, count in data.get("usage", {}).items() if count}
    facts = {
        "Prompt": f"{_version(data.get('prompt'))}, SHA-256 {data.get('prompt_sha256')}",
        "Model": f"{_version(data.get('model'))}: {data.get('provider')}/{data.get('provider_model')}",
        "Tokens": ", ".join(f"{name} {count}" for name, count in usage.items()),
    }
    return _text(data.get("answer")) + _facts(facts)


def _validated(data: Data) -> str:
    rows: list[tuple[object, ...]] = [
        (one["name"], "passed" if one["passed"] else "FAILED", f"{one['score']:.2f} of {one['threshold']:.2f}", one["evidence"])
        for one in data.get("checks", ())
    ]
    return _table(("Check", "", "Score", "Found"), rows) + _facts({"Verdict": str(data.get("verdict"))})


def _refused(data: Data) -> str:
    return _facts({"Refused by": str(data.get("stage")), "Code": str(data.get("code")), "Reason": str(data.get("reason"))})


def _completed(data: Data) -> str:
    cited = {_source(one) for one in data.get("citations", ())}
    return _text(data.get("answer") or data.get("message")) + _facts(
        {"Outcome": str(data.get("outcome")), "Cites": "; ".join(sorted(cited)) or "nothing"}
    )


def _posted(data: Data) -> str:
    return _facts(
        {
            str(
                data.get("kind")
            ).capitalize(): f"{data.get('amount_micros', 0) / 1e6:.6f} {data.get('currency')} ({data.get('price_source')})"
        }
    )


_TELLERS: Mapping[str, Callable[[Data], str]] = {
    "interaction.requested": _messages,
    "interaction.redacted": _redacted,
    "interaction.grounded": _grounded,
    "interaction.authorised": _authorised,
    "interaction.generated": _generated,
    "interaction.validated": _validated,
    "interaction.refused": _refused,
    "interaction.completed": _completed,
    "cost.posted": _posted,
}
