"""CloudEvents over Kafka: both modes are read, and bad records say why without quoting what they hold."""

import json
from datetime import UTC, timedelta, timezone

import msgspec
import pytest
from chancery_contracts import MAX_DATA_BYTES, Origin, Poison, decode, encode, encode_structured
from chancery_testing import builders
from hypothesis import given
from hypothesis import strategies as st

ORIGIN = Origin("meridian-bank", 1_793_577_600_000)
CANARY = "Wilhelmina Canary"


class TestRoundTrip:
    @pytest.mark.parametrize("build", [builders.requested, builders.redacted, builders.grounded, builders.authorised,
                                       builders.generated, builders.validated, builders.refused])  # fmt: skip
    @pytest.mark.parametrize("write", [encode, encode_structured])
    def test_every_event_of_the_pipeline_reads_back_equal_in_both_modes(self, build, write):
        event = build(conversation="c1", matter="m1", causation="x", traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        encoded = write(event)
        assert decode(encoded.value, encoded.headers, Origin(None, ORIGIN.timestamp_ms)) == event

    @given(st.text(max_size=300))
    def test_any_text_survives(self, text):
        event = builders.requested(text)
        encoded = encode(event)
        assert decode(encoded.value, encoded.headers, ORIGIN).data == event.data

    def test_a_redelivered_event_encodes_to_the_same_bytes(self):
        event = builders.generated()
        encoded = encode(event)
        assert encode(decode(encoded.value, encoded.headers, Origin(None, ORIGIN.timestamp_ms))) == encoded

    @given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])))
    def test_times_are_written_as_iso_8601_says(self, time):
        headers = dict(encode(msgspec.structs.replace(builders.requested(), time=time)).headers)
        assert headers["ce_time"] == time.isoformat().encode()


class TestPublishersWhoWriteLittle:
    def test_tenant_time_source_and_interaction_come_from_the_topic_and_the_id(self):
        value = json.dumps({"use_case": "bank-faq", "messages": [{"role": "user", "content": "hello"}]}).encode()
        headers = [("ce_specversion", b"1.0"), ("ce_id", b"i-1"), ("ce_type", b"chancery.interaction.requested.v1")]
        event = decode(value, headers, ORIGIN)
        assert (event.tenant, event.interaction, event.time, event.source) == ("meridian-bank", "i-1", ORIGIN.time, "kafka")

    def test_unknown_members_are_left_aside(self):
        encoded = encode(builders.requested())
        value = json.dumps(json.loads(encoded.value) | {"later_addition": 1}).encode()
        assert decode(value, encoded.headers, ORIGIN).data.use_case == "bank-faq"


def _changed(**headers: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    encoded = encode(builders.requested(CANARY))
    return encoded.value, list((dict(encoded.headers) | headers).items())


class TestBadRecords:
    @pytest.mark.parametrize(
        ("headers", "says"),
        [
            ({"ce_specversion": b"0.3"}, "CloudEvents 1.0"),
            ({"ce_type": b"chancery.interaction.requested.v9"}, "unknown type"),
            ({"ce_id": b"no spaces allowed"}, "attribute id"),
            ({"ce_id": b"\xff\xfe"}, "UTF-8"),
            ({"ce_tenant": b"other-bank"}, "another tenant"),
            ({"ce_time": b"yesterday"}, "RFC 3339"),
        ],
    )
    def test_attributes_out_of_order_are_named(self, headers, says):
        value, changed = _changed(**headers)
        with pytest.raises(Poison, match=says):
            decode(value, changed, ORIGIN)

    @given(st.binary(max_size=400))
    def test_any_bytes_are_poison_or_an_event_and_never_another_error(self, value):
        headers = encode(builders.requested()).headers
        for sent in (headers, [("content-type", b"application/cloudevents+json")], [("ce_id", value)]):
            try:
                decode(value, sent, ORIGIN)
            except Poison as fault:
                assert fault.code == "invalid_request"

    def test_an_oversized_record_is_refused_before_it_is_parsed(self):
        with pytest.raises(Poison, match="oversized"):
            decode(b"{" * (MAX_DATA_BYTES + 1), encode(builders.requested()).headers, ORIGIN)

    def test_a_deeply_nested_structured_event_is_poison(self):
        with pytest.raises(Poison):
            decode(b"[" * 100_000, [("content-type", b"application/cloudevents+json")], ORIGIN)

    def test_no_reason_quotes_what_the_record_held(self):
        value = json.dumps({"use_case": CANARY, "messages": [{"role": CANARY, "content": 5}], CANARY: 1}).encode()
        with pytest.raises(Poison) as caught:
            decode(value, encode(builders.requested()).headers, ORIGIN)
        assert CANARY not in caught.value.reason


class TestWhatGoesAlong:
    """Attributes that a publisher may write anything into, and that stand in topics and the trail for ever."""

    @pytest.mark.parametrize("write", [encode, encode_structured])
    def test_a_source_that_is_no_uri_reference_is_as_if_it_were_missing(self, write):
        for source in (f"{CANARY} phones", "ann.lee@example.com", "x" * 257, "Zoë"):
            encoded = write(builders.requested(source=source))
            assert decode(encoded.value, encoded.headers, ORIGIN).source == ORIGIN.default_source
        for source in ("chancery/gateway", "https://bank.example/apps/7?v=1", "urn:uuid:0af7651916cd43dd8448eb211c80319c", "0"):
            encoded = write(builders.requested(source=source))
            assert decode(encoded.value, encoded.headers, ORIGIN).source == source

    @pytest.mark.parametrize("write", [encode, encode_structured])
    def test_a_trace_context_that_is_none_is_left_out(self, write):
        for wrong in (CANARY, "00-0af7", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", ""):
            encoded = write(builders.requested(traceparent=wrong))
            assert decode(encoded.value, encoded.headers, ORIGIN).traceparent is None
