"""The readable part of an evidence pack: one HTML file that needs no other, a section an interaction. It prints; nothing in it runs."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chancery_audit.domain.report_gist import Gist
from chancery_audit.domain.report_markup import Html, cut, facts, moment, mono, pill, plain, safe, table
from chancery_audit.domain.report_page import page
from chancery_audit.domain.report_steps import Data, Members, kind_of, step

MOST_INTERACTIONS = 200
"""A report is for reading. The entries files hold all of them, and the report says how many it leaves out."""
MOST_NAMED = 20
LONGEST_CORNER = 70


@dataclass
class _Interaction:
    gist: Gist
    steps: list[tuple[str, int, Html]] = field(default_factory=list)
    """Time, number in the log, what happened."""


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
            self._others[kind_of(members)] += 1
            return
        known = self._interactions.get(str(name))
        if known is None:
            if len(self._interactions) >= MOST_INTERACTIONS:
                self._left_out.add(str(name))
                return
            known = self._interactions[str(name)] = _Interaction(Gist(members))
        data: Data = json.loads(payload) if payload else {}
        known.gist.take(members, state, data)
        known.steps.append((str(members["time"]), seq, step(members, seq, state, data)))

    def html(
        self, about: Mapping[str, Any], checkpoint: str, tally: Mapping[str, Any], *, versions: Sequence[Mapping[str, Any]] = (),
        anchored: Sequence[tuple[str, str, str]] = (),
    ) -> str:  # fmt: skip
        """One file. `versions`: what `versions.json` states. `anchored`: kind, time and size of each anchor in the pack."""
        chosen = ", ".join(f"{name} {value}" for name, value in about["selection"].items()) or "the whole log"
        size, root = (*checkpoint.split("\n"), "", "")[1:3]
        body = [
            f'<header><h1>Evidence of model interactions</h1><p class="lead">{safe(chosen)} · {safe(about["tenant"])}</p></header>',
            _about(about, chosen, size, tally),
            _CHECKING,
            self._index(),
            *(_section(number, name, one) for number, (name, one) in enumerate(self._interactions.items())),
            _rest(len(self._left_out), self._others),
            _behind(versions),
            _checkpoint(checkpoint, size, root),
            _anchors(anchored),
        ]
        corners = {
            "top-left": cut(f"{plain(about['tenant'])} · {chosen}", LONGEST_CORNER),
            "top-right": f"checkpoint of {size} entries, root {root[:12]}…",
            "bottom-left": f"Evidence of model interactions · made {about['custody']['time'][:19]} UTC · {about['custody']['reader']}",
        }
        return page(f"Evidence: {chosen}", corners, "".join(body))

    def _index(self) -> Html:
        rows = [
            (
                Html(f'<a href="#i{number}">{safe(name)}</a>'), moment(one.gist.begun), one.gist.versions.get("Use case", "–"),
                one.gist.ended(), len(one.steps),
            )
            for number, (name, one) in enumerate(self._interactions.items())
        ]  # fmt: skip
        listed = table("In the order of the log", ("Interaction", "Began", "Use case", "End", "Entries"), rows)
        return Html(f"<nav aria-labelledby='index'><h2 id='index'>Interactions</h2>{listed}</nav>" if rows else "")


def _about(about: Mapping[str, Any], chosen: str, size: str, tally: Mapping[str, Any]) -> Html:
    custody, states, open_ones = about["custody"], tally["payloads"], tally["unfinished"]
    more = f" and {len(open_ones) - MOST_NAMED} more" if len(open_ones) > MOST_NAMED else ""
    return facts(
        {
            "Tenant": about["tenant"], "Asked for": chosen,
            "Asked by": Html(f"{safe(custody['reader'])}, {moment(custody['time'])}, with {safe(custody.get('software', ''))}"),
            "Raw text": "shown, as was asked" if custody.get("revealed") == "true" else "hidden, as it was not asked for",
            "Log": Html(f"{mono(about['log'])}, {safe(size)} entries at the checkpoint"), "Entries": f"{tally['entries']} in this pack",
            "Payloads": f"{states['shown']} shown, {states['hidden']} hidden (raw text), {states['erased']} erased",
            "Interactions": f"{tally['accepted']} accepted, {tally['accepted_and_ended']} of them ended",
            "Unfinished": pill(f"{', '.join(open_ones[:MOST_NAMED])}{more}", False) if open_ones else "none",
        }
    )  # fmt: skip


_CHECKING = Html(
    '<div class="note" role="note"><strong>This page is for reading. What proves is beside it, in the pack:</strong> '
    f"{mono('python -m chancery_ledger verify PACK --key KEY')} checks every byte against the log's signature, offline, with the log's key "
    "obtained from elsewhere. It proves that these entries stand in the log as they were written, that none of the selection is left out "
    "and that nothing was changed since. It does not prove that what was never published happened, nor that no other log was shown to "
    "somebody else, unless a witness that you name vouches for it. <em>Hidden</em>: raw text, which was not asked for. "
    "<em>Erased</em>: the text is gone by law; its entry is not.</div>"
)


def _section(number: int, name: str, one: _Interaction) -> Html:
    steps = "".join(told for _, _, told in sorted(one.steps))
    title = f'<h2 id="h{number}">{safe(name)} {one.gist.ended()}</h2>'
    return Html(f'<section class="interaction" id="i{number}" aria-labelledby="h{number}">{title}{one.gist.html()}{steps}</section>')


def _rest(left_out: int, others: Mapping[str, int]) -> Html:
    lines = [f"{count} × {safe(kind)}" for kind, count in sorted(others.items())]
    if left_out:
        lines.append(f"{left_out} further interactions, which are in the entries files")
    return Html(f"<section><h2>Also in this pack</h2><p>{'<br>'.join(lines)}</p></section>" if lines else "")


def _behind(versions: Sequence[Mapping[str, Any]]) -> Html:
    rows = [
        (
            str(one["kind"]).replace("_", " "), f"{one['name']} v{one['version']}",
            mono(one["body_sha256"]) if "body_sha256" in one else one.get("title", "–"),
        )
        for one in versions
    ]  # fmt: skip
    told = table("Their contents are in versions.json", ("Kind", "Name and version", "SHA-256, or title"), rows)
    return Html(f"<section><h2>Versions that stood behind it</h2>{told}</section>" if rows else "")


def _checkpoint(note: str, size: str, root: str) -> Html:
    signers = [line.split(" ")[1] for line in note.split("\n") if line.startswith("— ") and line.count(" ") >= 2]
    told = facts({"Entries": size, "Root": mono(root), "Signed by": ", ".join(signers)})
    note_html = f'<p class="label">The signed note (C2SP tlog-checkpoint)</p><p class="text mono">{safe(note)}</p>'
    return Html(f'<section class="whole"><h2>The checkpoint that all of it is under</h2>{told}{note_html}</section>')


_ANCHORS = {"file": "Folder of checkpoints", "s3": "Bucket with object lock", "tsa": "Time stamp (RFC 3161)"}


def _anchors(anchored: Sequence[tuple[str, str, str]]) -> Html:
    rows = [(_ANCHORS[kind], moment(at), size) for kind, at, size in anchored]
    listed = table("Kept outside of the log", ("Where", "When", "Checkpoint of … entries"), rows)
    return Html(f'<section class="whole"><h2>Where it was anchored</h2>{listed}</section>' if rows else "")
