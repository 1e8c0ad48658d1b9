"""As whom a command speaks to the registry: who is named, else the key that is set, else the local stack's person for it."""

import json

import pytest
from chancery_cli.connection import Connection
from chancery_cli.errors import CommandFailed
from chancery_cli.registry import speaking
from chancery_cli.registry.speaking import act_as, registry
from chancery_local.home import write_secret_file


@pytest.fixture(autouse=True)
def stack(tmp_path, monkeypatch):
    for name in ("CHANCERY_REGISTRY_KEY", "CHANCERY_REGISTRY_URL"):
        monkeypatch.delenv(name, raising=False)
    write_secret_file(tmp_path / "registry-keys.json", json.dumps({"author": "ann", "operator": "ola", "prompt_owner": "pat"}))
    local = Connection("none", {"registry": "http://127.0.0.1:9", "audit": "http://127.0.0.1:9"}, "the-operator", {}, tmp_path)
    monkeypatch.setattr(speaking, "connect", lambda: local)
    act_as(None)
    yield local
    act_as(None)


def bearer(person="author"):
    return registry(person).http.headers["authorization"].removeprefix("Bearer ")


def test_the_local_person_for_such_a_command():
    assert (bearer(), bearer("operator")) == ("ann", "ola")


def test_the_key_that_is_set_goes_first_and_whoever_is_named_before_that(monkeypatch):
    monkeypatch.setenv("CHANCERY_REGISTRY_KEY", "mine")
    assert (bearer(), bearer("operator")) == ("mine", "mine")
    act_as("prompt_owner")
    assert bearer("operator") == "pat"


def test_in_a_pipeline_an_address_and_a_key_are_enough(monkeypatch):
    def none():
        raise CommandFailed("no stack")

    monkeypatch.setattr(speaking, "connect", none)
    monkeypatch.setenv("CHANCERY_REGISTRY_KEY", "ci")
    monkeypatch.setenv("CHANCERY_REGISTRY_URL", "https://registry.example.org")
    assert bearer() == "ci"
    assert str(registry().http.base_url) == "https://registry.example.org"


def test_elsewhere_than_at_the_local_stack_nobody_is_made_up(monkeypatch, stack):
    monkeypatch.setattr(speaking, "connect", lambda: Connection("none", stack.urls, "the-operator", {}, None))
    assert bearer() == "the-operator"
    act_as("prompt_owner")
    with pytest.raises(CommandFailed, match="CHANCERY_REGISTRY_KEY"):
        bearer()
