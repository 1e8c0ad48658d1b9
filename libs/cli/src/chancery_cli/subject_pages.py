"""Reports and exports as pages to read and print: no script, nothing from elsewhere, every text escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = (
    "body{font:15px/1.5 Georgia,serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "th,td{border-bottom:1px solid #ccc;text-align:left;padding:.3rem .6rem;vertical-align:top}"
    "pre{white-space:pre-wrap;font-size:.85rem;background:#f6f6f4;padding:.6rem}@media print{body{margin:0}}"
)
_TITLES = {"erase": "Erasure report", "find": "Where a person is stored", "export": "Report on an export"}


def report_page(report: Mapping[str, Any], note: str) -> str:
    """A report, with what was signed."""
    facts = [
        (name, report[key])
        for name, key in (
            ("Tenant", "tenant"), ("Order", "order"), ("State", "state"), ("Asked for by", "requested_by"), ("Reason", "reason"),
            ("Legal ground", "legal_ground"), ("Placed", "placed_at"), ("Ended", "ended_at"), ("Identifiers given", "identifiers"),
            ("Pseudonyms found", "pseudonyms"),
        )
    ]  # fmt: skip
    stores = [
        (one["store"], one["what"], one["state"], one["found"], one["erased"], one["left"], one["unreadable"]) for one in report["stores"]
    ]
    held = report["held"]
    holds = "; ".join(held["holds"]) or "none"
    return page(
        _TITLES[report["purpose"]],
        table((), facts),
        "<h2>Stores</h2>" + table(("store", "what it holds", "state", "found", "erased", "left", "does not open"), stores),
        f"<h2>Holds</h2><p>In force: {escape(holds)}. {'The whole tenant is held.' if held['tenant'] else ''}</p>",
        "<h2>Lapses by itself</h2>"
        + table(("store", "kept", "gone by"), [(one["store"], one["kept"], one["gone_by"]) for one in report["lapses"]]),
        f"<h2>Keys and backups</h2><p>{escape(report['keys'])}</p>" if report["keys"] else "",
        "<h2>Not covered</h2><ul>" + "".join(f"<li>{escape(one)}</li>" for one in report["not_covered"]) + "</ul>",
        f"<h2>Signature</h2><pre>{escape(note)}</pre>",
    )


def export_page(tenant: str, contents: Mapping[str, Any]) -> str:
    """An export: a part a store, a row a text."""
    parts = [
        f"<h2>{escape(one['store'])}: {one['found']}</h2>"
        + table(("where", "what", "text"), [(text["where"], text["member"], text["text"]) for text in one["contents"]])
        for one in contents["stores"]
        if one["found"]
    ]
    return page(f"What {tenant} stores about a person", *(parts or ["<p>Nothing.</p>"]))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Escaped."""
    head = f"<tr>{''.join(f'<th>{escape(one)}</th>' for one in heads)}</tr>" if heads else ""
    body = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{head}{body}</table>"


def page(title: str, *parts: str) -> str:
    """Of parts that are markup."""
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"


def _cell(value: object) -> str:
    return "" if value is None else escape(str(value))
