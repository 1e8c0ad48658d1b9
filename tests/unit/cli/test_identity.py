"""As whom a command speaks: what is said goes before what is set, and that before what lies in the home."""

import json

import pytest
from chancery_cli.connection import Connection
from chancery_cli.errors import CommandFailed
from chancery_cli.identity import act_as, audit_client
from chancery_local.home import write_secret_file


@pytest.fixture
def connection(tmp_path, monkeypatch):
    monkeypatch.delenv("CHANCERY_AUDIT_KEY", raising=False)
    write_secret_file(tmp_path / "audit-keys.json", json.dumps({"auditor": "the-auditor", "a-bank": "its-officer"}))
    return Connection("none", {"audit": "http://127.0.0.1:9"}, "the-operator", {}, tmp_path)


@pytest.fixture(autouse=True)
def acting():
    act_as(None)
    yield
    act_as(None)


def _bearer(connection, tenant):
    with audit_client(connection, tenant) as http:
        return http.headers["authorization"].removeprefix("Bearer ")


def test_by_default_the_local_officer_of_the_tenant_and_without_a_tenant_the_operator(connection):
    assert (_bearer(connection, "a-bank"), _bearer(connection, None)) == ("its-officer", "the-operator")


@pytest.mark.parametrize(("role", "key"), [("officer", "its-officer"), ("auditor", "the-auditor"), ("operator", "the-operator")])
def test_whoever_is_named(connection, monkeypatch, role, key):
    monkeypatch.setenv("CHANCERY_AUDIT_KEY", "another")
    act_as(role)
    assert _bearer(connection, "a-bank") == key


def test_the_key_that_is_set(connection, monkeypatch):
    monkeypatch.setenv("CHANCERY_AUDIT_KEY", "mine")
    assert (_bearer(connection, "a-bank"), _bearer(connection, None)) == ("mine", "mine")


def test_elsewhere_than_at_the_local_stack_nobody_is_made_up(connection):
    elsewhere = Connection("none", connection.urls, "the-operator", {}, None)
    assert _bearer(elsewhere, "a-bank") == "the-operator"
    act_as("officer")
    with pytest.raises(CommandFailed, match="CHANCERY_AUDIT_KEY"):
        _bearer(elsewhere, "a-bank")


def test_a_local_officer_that_cannot_be_made_is_told(connection):
    with pytest.raises(CommandFailed, match="does not answer"):
        _bearer(connection, "new-tenant")
