"""Wherever the network cuts a stream, its events are the same; what is broken is not believed."""

import json
from collections.abc import Iterable

import pytest
from chancery_generation.adapters.providers.event_stream import EventStream
from chancery_generation.adapters.providers.framing import JsonLines, ServerSentEvents
from chancery_generation.adapters.providers.wire import Framing, Unreadable
from chancery_testing.providers.bedrock import frame
from hypothesis import given
from hypothesis import strategies as st

EMPTY = bytes.fromhex("000000100000000005c248eb7d98c8ff")
"""A message without headers or payload, as AWS's own libraries test it."""
_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
_TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)


def fed(framing: Framing, chunks: Iterable[bytes]) -> list[tuple[str, bytes]]:
    return [(one.name, one.data) for chunk in chunks for one in framing.feed(chunk)]


def cut(content: bytes, places: list[int]) -> list[bytes]:
    at = sorted({place % (len(content) + 1) for place in places})
    return [content[start:end] for start, end in zip([0, *at], [*at, len(content)], strict=True)]


class TestServerSentEvents:
    @given(st.lists(st.tuples(_TEXTS, st.lists(_TEXTS, min_size=1, max_size=3)), max_size=5), _ENDS, st.lists(st.integers(0, 10_000)))
    def test_events_are_the_same_wherever_they_are_cut(self, events: list[tuple[str, list[str]]], end: bytes, places: list[int]) -> None:
        wire = b"".join(
            end.join([b"event: " + name.encode(), *(b"data: " + line.encode() for line in lines), b"", b""]) for name, lines in events
        )
        wanted = [(name, "\n".join(lines).encode()) for name, lines in events]
        assert fed(ServerSentEvents(), cut(wire + b": a line more", places)) == wanted

    def test_comments_ids_and_bare_fields(self) -> None:
        assert fed(ServerSentEvents(), [b": hello\nid: 1\nretry: 5\ndata:x\ndata\n\n\n\nevent: e\n\n"]) == [("", b"x\n")]

    def test_an_event_that_is_not_ended_is_none(self) -> None:
        assert fed(ServerSentEvents(), [b"data: x\n"]) == []


class TestJsonLines:
    @given(st.lists(st.dictionaries(_TEXTS, _TEXTS), max_size=5), _ENDS, st.lists(st.integers(0, 10_000)))
    def test_lines_are_the_same_wherever_they_are_cut(self, documents: list[dict[str, str]], end: bytes, places: list[int]) -> None:
        wire = b"".join(json.dumps(one, ensure_ascii=False).encode() + end for one in documents) + b"{}"
        assert [json.loads(data) for _, data in fed(JsonLines(), cut(wire, places))] == documents


class TestEventStream:
    @given(st.lists(st.tuples(st.sampled_from(["a", "messageStop"]), _TEXTS), max_size=4), st.lists(st.integers(0, 10_000)))
    def test_messages_are_the_same_wherever_they_are_cut(self, events: list[tuple[str, str]], places: list[int]) -> None:
        wire = b"".join(frame(name, {"text": text}) for name, text in events)
        found = fed(EventStream(), cut(wire + frame("rest", {})[:-1], places))
        assert [(name, json.loads(data)["text"]) for name, data in found] == events

    def test_the_example_of_awss_libraries(self) -> None:
        assert fed(EventStream(), [EMPTY]) == [("", b"")]

    def test_exceptions_have_names(self) -> None:
        (found,) = EventStream().feed(frame("throttlingException", {}, "exception"))
        assert (found.name, found.exception) == ("throttlingException", True)

    @given(st.data())
    def test_a_changed_bit_is_noticed(self, data: st.DataObject) -> None:
        wire = bytearray(frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "£5"}}))
        bit = data.draw(st.integers(0, len(wire) * 8 - 1))
        wire[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unreadable):
            fed(EventStream(), [bytes(wire), b""])

    @given(st.binary(min_size=12, max_size=200))
    def test_what_is_no_message_is_refused_at_once(self, noise: bytes) -> None:
        with pytest.raises(Unreadable):
            EventStream().feed(noise)
