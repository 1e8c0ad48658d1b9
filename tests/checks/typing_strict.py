"""mypy, strict, over every package by path: `mypy -p` of several packages would check only some."""

import subprocess
import sys

from members import ROOT, members, package

paths = [str(member / "src" / package(member)) for member in members()]
sys.exit(subprocess.run([sys.executable, "-m", "mypy", *paths], cwd=ROOT, check=False).returncode)
