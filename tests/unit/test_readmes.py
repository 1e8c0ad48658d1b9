"""What the READMEs say to run is there: commands with their options, tasks, modules, files, settings."""

import importlib
import importlib.util
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from chancery_cli.app import app
from chancery_contracts.freezing import asyncapi_yaml
from chancery_runtime import ServiceSettings
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
READMES = sorted(path for folder in (ROOT, ROOT / "libs", ROOT / "services") for path in [*folder.glob("*.md"), *folder.glob("*/*.md")])
READMES = [path for path in dict.fromkeys(READMES) if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]
TASKS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["tasks"]
SOURCES = "\n".join(path.read_text("utf-8") for room in ("libs", "services", "tests") for path in (ROOT / room).rglob("*.py"))
_FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|uv run |&& )chancery ([a-z][^|>#&]*)")
_SKETCH = re.compile(r"chancery [^&]*[a-z] \| [a-z]")
_INLINE = re.compile(r"`([^`\n]+)`")


def code_of(path: Path) -> list[str]:
    """Lines of code: fenced, indented, and between backticks."""
    text = path.read_text("utf-8")
    fenced = [line for block in _FENCED.findall(text) for line in block.splitlines()]
    rest = _FENCED.sub("", text)
    return [*fenced, *(line.strip() for line in rest.splitlines() if line.startswith("    ")), *_INLINE.findall(rest)]


def commands_of(path: Path) -> list[list[str]]:
    """`chancery …` lines, cut at what a shell would do next. Sketches (`show | verify`, `up [x]`, `…`) are no commands."""
    said = [words for line in code_of(path) if not _SKETCH.search(line) for words in _COMMAND.findall(line)]
    return [shlex.split(words) for words in said if not re.search(r"[\[…<]", words)]


def resolved(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the first words name, and what is left."""
    command: Any = typer.main.get_command(app)
    left = list(words)
    while hasattr(command, "commands") and left and not left[0].startswith("-"):
        name = left.pop(0)
        assert name in command.commands, f"no command {name!r} in {' '.join(words)!r}"
        command = command.commands[name]
    return command, left


@pytest.mark.parametrize("path", READMES, ids=lambda path: str(path.relative_to(ROOT)))
class TestAReadme:
    def test_its_commands_and_their_options_exist(self, path: Path) -> None:
        for words in commands_of(path):
            command, left = resolved(words)
            if command.name == "witness":
                continue  # its options are those of another program
            options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
            told = {word.partition("=")[0] for word in left if word.startswith("--")}
            assert told <= options | {"--help"}, " ".join(words)

    def test_its_tasks_and_modules_exist(self, path: Path) -> None:
        code = "\n".join(code_of(path))
        assert set(re.findall(r"uv run poe ([a-z]+)", code)) <= TASKS.keys()
        for module in re.findall(r"python -m (chancery_\w+(?:\.\w+)*)", code):
            assert importlib.util.find_spec(module), module

    def test_files_that_it_names_from_the_root_exist(self, path: Path) -> None:
        named = {one for one in code_of(path) if re.fullmatch(r"(?:libs|services|tests|deploy)/[\w./*-]+", one)}
        assert [one for one in named if not any(ROOT.glob(one))] == []

    def test_settings_that_it_names_are_read(self, path: Path) -> None:
        for setting in set(re.findall(r"CHANCERY(?:_[A-Z]+)+(?![_A-Z<])", path.read_text("utf-8"))):
            name = setting.removeprefix("CHANCERY_").lower()
            ends = {name, name.partition("_")[2] or name}
            assert setting in SOURCES or any(re.search(rf"\b{end}\b", SOURCES) for end in ends), setting


def test_the_top_readme_has_commands_to_look_at() -> None:
    assert len(commands_of(ROOT / "README.md")) >= 8
    assert sum(len(commands_of(path)) for path in READMES) >= 15


def test_the_contract_command_prints_the_published_document() -> None:
    ran = CliRunner().invoke(app, ["contract"])
    assert (ran.exit_code, ran.stdout) == (0, asyncapi_yaml())


def _settings(service: str) -> list[type[ServiceSettings]]:
    module = importlib.import_module(f"chancery_{service}.settings")
    found = (one for one in vars(module).values() if isinstance(one, type) and issubclass(one, ServiceSettings))
    return [one for one in found if one is not ServiceSettings]


SERVICES = [path.parent.name for path in READMES if path.parent.parent.name == "services" and path.parent.name != "witness"]
"""The witness is a stranger's program: it knows no Kafka and no settings of ours."""


@pytest.mark.parametrize("service", SERVICES)
class TestAServicesReadme:
    def test_it_says_what_style_asks(self, service: str) -> None:
        text = (ROOT / "services" / service / "README.md").read_text("utf-8").lower()
        assert [part for part in ("consumes", "produces", "owns", "how it fails", "run it alone") if part not in text] == []

    def test_it_names_every_setting_that_has_no_default(self, service: str) -> None:
        text = (ROOT / "services" / service / "README.md").read_text("utf-8")
        needed = {
            f"CHANCERY_{name.upper()}" for one in _settings(service) for name, field in one.model_fields.items() if field.is_required()
        }
        assert {one for one in needed if one not in text} == set()
