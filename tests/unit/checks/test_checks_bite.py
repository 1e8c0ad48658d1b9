"""Every check finds a planted breach: a check that cannot fail is none."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MEMBERS = sorted(path.parent.name for group in ("libs", "services") for path in (ROOT / group).glob("*/pyproject.toml"))
PACKAGES = [f"chancery_{name}" for name in MEMBERS]


@pytest.fixture
def planted(tmp_path):
    """A copy of every package's source, to plant a breach in; with the settings of the tools."""
    for group in ("libs", "services"):
        for member in (ROOT / group).glob("*/src"):
            shutil.copytree(member, tmp_path / "src", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _rooms(folder):
    script = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", script, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(folder / "src"), "PATH": ""},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


class TestRooms:
    def test_what_stands_here_keeps_them(self, planted):
        code, said = _rooms(planted)
        assert code == 0, said

    @pytest.mark.parametrize(
        ("file", "line", "contract"),
        [
            ("chancery_cost/handlers.py", "import chancery_redaction", "Services never import each other"),
            ("chancery_gateway/adapters/book.py", "import aiokafka", "Only the bus speaks Kafka"),
            ("chancery_generation/handlers.py", "import faust", "Only cost knows Faust"),
            ("chancery_bus/stage.py", "import chancery_runtime", "Rooms: runtime over bus"),
            ("chancery_bus/publisher.py", "import chancery_audit", "Libraries do not import services"),
            ("chancery_validation/main.py", "import chancery_testing", "What ships does not import"),
            ("chancery_redaction/domain/spans.py", "import chancery_redaction.main", "Layers inside a service"),
            ("chancery_contracts/event.py", "import asyncpg", "Contracts: pydantic only"),
        ],
    )
    def test_a_breach_is_found(self, planted, file, line, contract):
        path = planted / "src" / file
        path.write_text(f"{path.read_text('utf-8')}\n{line}\n", "utf-8")
        code, said = _rooms(planted)
        assert code != 0
        assert f"{contract}" in said
        assert "BROKEN" in said

    def test_a_stray_module_in_a_service_is_found(self, planted):
        (planted / "src/chancery_cost/utils.py").write_text('"""Stray."""\n', "utf-8")
        assert _rooms(planted)[0] != 0


class TestMembers:
    def test_import_linter_knows_every_member(self):
        assert sorted(SETTINGS["tool"]["importlinter"]["root_packages"]) == sorted(PACKAGES)

    def test_the_root_installs_every_member(self):
        assert sorted(SETTINGS["tool"]["uv"]["sources"]) == sorted(f"chancery-{name}" for name in MEMBERS)

    def test_every_service_is_independent_of_the_others(self):
        services = sorted(f"chancery_{path.parent.name}" for path in (ROOT / "services").glob("*/pyproject.toml"))
        contracts = {one["name"]: one for one in SETTINGS["tool"]["importlinter"]["contracts"]}
        assert sorted(contracts["Services never import each other"]["modules"]) == services
        assert sorted(contracts["Layers inside a service"]["containers"]) == services

    def test_every_member_has_a_readme_that_says_something(self):
        short = [
            path.parent.name for group in ("services",) for path in (ROOT / group).glob("*/README.md") if len(path.read_text("utf-8")) < 400
        ]
        assert short == []


def _python(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "planted.py"
    path.write_text(text, "utf-8")
    return path


def test_ruff_finds_a_swallowed_exception(tmp_path):
    path = _python(tmp_path, "def f() -> None:\n    try:\n        print(1)\n    except Exception:\n        pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--config", str(ROOT / "pyproject.toml"), str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "BLE001" in done.stdout


def test_mypy_finds_a_missing_annotation(tmp_path):
    path = _python(tmp_path, "def f(x):\n    return x\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache"), str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "no-untyped-def" in done.stdout


def test_deptry_finds_an_undeclared_dependency(tmp_path):
    member = tmp_path / "planted"
    (member / "src" / "chancery_planted").mkdir(parents=True)
    (member / "src" / "chancery_planted" / "__init__.py").write_text("import httpx\n", "utf-8")
    (member / "pyproject.toml").write_text('[project]\nname = "chancery-planted"\nversion = "1"\ndependencies = []\n', "utf-8")
    done = subprocess.run([sys.executable, "-m", "deptry", "src"], cwd=member, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "DEP00" in done.stdout + done.stderr
