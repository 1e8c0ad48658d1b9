"""The container stack is the same stack: every service, nothing published beyond the loopback, nothing unpinned."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from chancery_local import SERVICES


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((root / "docker-compose.yml").read_text("utf-8")))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(compose["services"])


def test_every_service_of_the_stack_is_in_it(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {*SERVICES, "kafka", "postgres", "provision"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_runs_its_module(services: dict[str, dict[str, Any]], root: Path, name: str) -> None:
    service = services[name]
    package = service["build"]["args"]["PACKAGE"]
    assert service["environment"].get("CHANCERY_MODULE", f"chancery_{package}") == SERVICES[name]
    assert (root / "services" / package / "pyproject.toml").is_file()


def test_what_each_waits_for_exists_and_can_become_true(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        for wanted, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in services[wanted]["healthcheck"]
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services[wanted]["restart"].startswith("on-failure"), "it must be able to complete"
    assert all({"kafka", "postgres", "provision"} <= set(services[name]["depends_on"]) for name in SERVICES)


def test_each_image_has_a_version(services: dict[str, dict[str, Any]]) -> None:
    tags = {service["image"].partition(":")[2] for service in services.values()}
    assert not tags & {"", "latest"}


def test_ports_are_published_on_the_loopback_only_and_once(services: dict[str, dict[str, Any]]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert len({port.split(":")[1] for port in published}) == len(published)


def test_volumes_are_declared(compose: dict[str, Any]) -> None:
    used = {volume.partition(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_no_secret_is_written_down(root: Path) -> None:
    text = (root / "docker-compose.yml").read_text("utf-8")
    given = re.findall(r"(?:PASSWORD|TOKEN): \"?([^\"\n]*)", text)
    assert given
    assert all(value.startswith("${") and ":?" in value for value in given)


class TestImage:
    @pytest.fixture(scope="class")
    def dockerfile(self, root: Path) -> str:
        return (root / "deploy" / "images" / "service.Dockerfile").read_text("utf-8")

    def test_it_installs_what_the_lock_says_and_no_tools(self, dockerfile: str) -> None:
        assert "uv sync --frozen --no-dev --no-editable --package" in dockerfile

    def test_it_does_not_run_as_root(self, dockerfile: str) -> None:
        assert re.search(r"^USER (?!0|root)\S+", dockerfile, re.MULTILINE)

    def test_its_bases_have_versions(self, dockerfile: str) -> None:
        assert all(":" in base and not base.endswith(":latest") for base in re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
