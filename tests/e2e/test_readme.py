"""What the README and `demo --keep` tell people to paste works, as they stand, as commands of a shell."""

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from chancery_cli.demo.report import next_steps
from chancery_cli.demo.run import shown_request
from rich.console import Console

pytestmark = pytest.mark.timeout(300)
ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
ENDLESS, ENDS_ALL = "requests watch", "chancery down"
CLI = shlex.join([sys.executable, "-m", "chancery_cli"])


def pasted(line):
    """The line in a shell, by the interpreter at hand instead of `uv run`'s, which is the same."""
    return subprocess.run(
        line.replace("uv run chancery", CLI), shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def works(line):
    ran = pasted(line)
    assert ran.returncode == 0, f"{line}\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}"
    return ran.stdout


def test_the_lines_of_the_readme(stack, demo):
    lines = [line for block in BLOCKS for line in block.splitlines() if line.startswith("uv run chancery")]
    assert len(lines) >= 5
    said = {line: works(line) for line in lines if ENDLESS not in line and ENDS_ALL not in line}
    answer = next(text for line, text in said.items() if "publish" in line)
    assert json.loads(answer)["outcome"] == "released"
    assert "redaction" in next(text for line, text in said.items() if "status" in line)


def test_the_lines_that_demo_leaves(stack, demo, home):
    out = io.StringIO()
    next_steps(Console(file=out, width=400), stack, home, shown_request(demo))
    lines = [line.strip() for line in out.getvalue().splitlines() if line.startswith("  ")]
    said = {line: works(line) for line in lines if not line.startswith("kcat") and ENDLESS not in line and ENDS_ALL not in line}
    assert "interaction" in json.loads(next(text for line, text in said.items() if line.startswith("curl")))
    assert "interaction.completed" in next(text for line, text in said.items() if "audit show" in line)
    assert len(said) >= 4


def test_watching_shows_an_event_that_comes_later(stack, demo):
    command = [sys.executable, "-u", "-m", "chancery_cli", *ENDLESS.split(), "--tenant", "meridian-bank"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as watching:
        try:
            works("uv run chancery publish --tenant meridian-bank --use-case bank-faq 'What is the CHAPS fee?' --wait")
            works("uv run chancery publish --tenant meridian-bank --use-case bank-faq 'What is the CHAPS fee?' --wait")
            assert "meridian-bank" in watching.stdout.readline()
        finally:
            watching.terminate()
