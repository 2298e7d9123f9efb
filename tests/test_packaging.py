"""What is packed is whole: without the browser side there is no source archive and no wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# As they are in a clone before `make build`, but for what Cython wrote, which takes long.
LEFT_OUT = shutil.ignore_patterns("static", "media", "page", "__pycache__", "*.so")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "p2claw", tmp_path / "p2claw", ignore=LEFT_OUT)
    return tmp_path


def refused(clone: Path, command: str) -> str:
    done = subprocess.run(
        [sys.executable, "setup.py", "--quiet", command],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert not (clone / "dist").exists() and not (clone / "build").exists()
    return done.stderr


def test_a_source_archive_without_the_browser_side_is_refused(clone: Path) -> None:
    error = refused(clone, "sdist")
    assert "error: the browser side of p2claw is not built" in error
    assert "manifest.json" in error and "make build" in error


def test_a_wheel_without_one_file_of_the_browser_side_is_refused(clone: Path) -> None:
    static = clone / "p2claw/edge/static"
    shutil.copytree(ROOT / "p2claw/edge/static", static)
    (static / "sw.js").unlink()
    assert "has no sw.js" in refused(clone, "build_py")
