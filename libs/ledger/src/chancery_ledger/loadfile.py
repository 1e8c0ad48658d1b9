"""The load file for review platforms: Concordance DAT, UTF-8 with a byte order mark, þ around fields, U+0014 between them, CRLF after each.

The format has no escapes: ® stands for a line's end, and a field may hold none of the three. They are written as JSON would (`\\u00fe`).
"""

from collections.abc import Mapping

BOM = b"\xef\xbb\xbf"
FIELDS = (
    "CONTROLNUMBER", "LOGINDEX", "EVENTID", "EVENTTYPE", "DATESENT", "TIMESENT", "TENANT", "MATTER", "INTERACTION", "CONVERSATION",
    "PARENTEVENT",
    "SOURCE", "KAFKATOPIC", "KAFKAPARTITION", "KAFKAOFFSET", "PAYLOADSTATE", "LEAFSHA256", "PAYLOADSHA256", "ENTRYFILE", "EXTRACTEDTEXT",
)  # fmt: skip
_ESCAPED = str.maketrans({"\u00fe": "\\u00fe", "\u0014": "\\u0014", "\u00ae": "\\u00ae"})
_BREAKS = str.maketrans({"\n": "\u00ae", "\r": None})


_BETWEEN = "\u00fe\x14\u00fe"


def _row(values: "tuple[str, ...]") -> bytes:
    return f"\u00fe{_BETWEEN.join(values)}\u00fe\r\n".encode()


def _plain(values: "tuple[str, ...]") -> bool:
    """Whether no value holds a character that must be escaped: joined, they hold their delimiters and no more."""
    text = _BETWEEN.join(values)
    between = len(values) - 1
    return (
        text.count("\x14") == between and text.count("\u00fe") == 2 * between
        and "\u00ae" not in text and "\n" not in text and "\r" not in text
    )  # fmt: skip


HEADER = BOM + _row(FIELDS)


def load_row(members: Mapping[str, str | int], seq: int, state: str, leaf_sha256: str, *, file: str, text: str) -> bytes:
    """One entry's. `file` is the file of the pack that holds it; `text` its payload, empty where it is not shown."""
    get = members.get
    day, _, time = str(get("time", "")).partition("T")
    values = (
        f"{get('tenant', '')}-{seq:010d}", str(seq), str(get("id", "")), str(get("type", "")), day, time, str(get("tenant", "")),
        str(get("matter", "")), str(get("interaction", "")), str(get("conversation", "")), str(get("causation", "")),
        str(get("source", "")), str(get("topic", "")), str(get("partition", "")), str(get("offset", "")), state, leaf_sha256,
        str(get("payload_sha256", "")), file, text,
    )  # fmt: skip
    return _row(values if _plain(values) else tuple(one.translate(_ESCAPED).translate(_BREAKS) for one in values))
