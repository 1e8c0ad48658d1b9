"""HTML made of strangers' words: all of it is escaped, nothing of it runs, hides or reaches out."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

MOST_TEXT = 4_000
_DECEIVING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Controls, and signs that reorder or hide what is read: bidirectional overrides, zero widths."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def plain(value: object) -> str:
    """What a reader may see of a text: signs that would deceive are told by their number."""
    return _DECEIVING.sub(lambda found: f"[U+{ord(found.group()):04X}]", str(value).replace("\r\n", "\n"))


def safe(value: object) -> str:
    """Markup as it is, anything else escaped."""
    return value if isinstance(value, Html) else escape(plain(value))


def css_string(value: str) -> str:
    """As CSS may write any text: all but letters and digits by number, so that it ends neither the string nor the style element."""
    written = (one if one.isascii() and one.isalnum() else f"\\{ord(one):06x}" for one in plain(value))
    return f'"{"".join(written)}"'


def cut(value: object, most: int = MOST_TEXT) -> str:
    """Not longer than that; what is cut off ends at a word and says so."""
    words = str(value or "")
    return words if len(words) <= most else f"{words[:most].rpartition(' ')[0] or words[:most]} […]"


def text(value: object, most: int = MOST_TEXT) -> Html:
    """A paragraph that keeps its lines."""
    return Html(f'<p class="text" dir="auto">{safe(cut(value, most))}</p>')


def moment(written: object) -> Html:
    """An ISO 8601 time as people write it, in UTC."""
    try:
        told = datetime.fromisoformat(str(written)).astimezone(UTC)
    except (ValueError, OverflowError):
        return Html(safe(written))
    shown = f"{told.day} {told:%B %Y, %H:%M:%S}.{told.microsecond // 1000:03d} UTC"
    return Html(f'<time datetime="{told.isoformat()}">{shown}</time>')


def pill(words: object, good: bool) -> Html:
    """A state, told in words and by colour."""
    return Html(f'<span class="pill {"good" if good else "bad"}">{safe(words)}</span>')


def mono(value: object) -> Html:
    """Something to compare letter by letter."""
    return Html(f'<span class="mono">{safe(value)}</span>')


def facts(told: Mapping[str, object]) -> Html:
    """Names and values; what has no value is left out."""
    rows = "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in told.items() if value not in (None, ""))
    return Html(f"<dl>{rows}</dl>" if rows else "")


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Html:
    """Its head comes again on each page; its first column names the rows. Nothing where there are none."""
    head = "".join(f'<th scope="col">{safe(one)}</th>' for one in heads)
    body = "".join(f'<tr><th scope="row">{safe(row[0])}</th>{"".join(f"<td>{safe(one)}</td>" for one in row[1:])}</tr>' for row in rows)
    return Html(f"<table><caption>{safe(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else "")
