"""The register of processing as a page to print."""

from collections.abc import Mapping
from html import escape
from typing import Any

from chancery_cli.subject_pages import page, table


def register_page(document: Mapping[str, Any]) -> str:
    """Controller, activities, recipients, stores, measures: the order of GDPR 30(1)."""
    activities = "".join(f"<h3>{escape(one['use_case'])}</h3>{table((), _facts(one))}" for one in document["processing_activities"])
    recipients = [tuple(one.values()) for one in document["recipients"]]
    stores = [(one["store"], one["holds"], one["what"], one["kept"]) for one in document["stores"]]
    heads = tuple(document["recipients"][0]) if document["recipients"] else ()
    return page(
        f"Register of processing activities: {document['tenant']}",
        f"<p>As configured on {escape(document['as_of'][:19])} UTC.</p>",
        "<h2>Controller</h2>" + table((), _facts(document["controller"])),
        "<h2>Activities</h2>" + activities,
        "<h2>Recipients</h2>" + table(heads, recipients),
        "<h2>Stores and periods</h2>" + table(("store", "holds", "what", "kept"), stores),
        "<h2>Security</h2><ul>" + "".join(f"<li>{escape(one)}</li>" for one in document["security_measures"]) + "</ul>",
    )


def _facts(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else str(value)) for name, value in one.items()]
