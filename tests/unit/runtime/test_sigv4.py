"""Signatures that botocore 1.44.8 makes of the same requests."""

from datetime import UTC, datetime

from chancery_runtime.keys.sigv4 import Credentials, Target, signed

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOST = "bedrock-runtime.eu-west-1.amazonaws.com"


def test_a_path_is_escaped_once_more() -> None:
    headers = {"Content-Type": "application/json", "Accept": "*/*", "Idempotency-Key": "event-1"}
    target = Target(HOST, "eu-west-1", "bedrock", "/model/eu.vendor.m-1%3A0/converse")
    found = signed(Credentials("AKIDTEST", "secret-of-a-test", "tok"), target, headers, '{"a":"£5"}'.encode(), AT)
    assert found["authorization"].endswith("Signature=2775776e63fdd8f01307fd6e4a7028ee2c59bc9b1b70421571e4fb93c66f3820")


def test_secrets_are_not_shown() -> None:
    assert "secret-of-a-test" not in repr(Credentials("AKIDTEST", "secret-of-a-test", "tok"))
    assert "tok" not in repr(Credentials("AKIDTEST", "s", "tok"))
