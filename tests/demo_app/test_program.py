"""The sample app as people start it."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

import p2claw.demo_app
from p2claw.demo_app.server import MEDIA_DIR, MEDIA_FILES

PACKAGE = Path(p2claw.demo_app.__file__).parent


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_where_it_listens_and_ends_with_0_when_stopped(stop: signal.Signals) -> None:
    assert all((MEDIA_DIR / name).is_file() for name in MEDIA_FILES)
    argv = [sys.executable, "-m", "p2claw.demo_app", "--port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            phrase, _, address = process.stdout.readline().strip().rpartition(" ")
            assert phrase == "listening on"
            with (
                urlopen(f"{address}/api/hello", timeout=10) as response,
                urlopen(f"{address}/events", timeout=10),
            ):  # an open feed does not keep it from ending
                assert response.status == 200
                process.send_signal(stop)
                assert process.wait(10) == 0
        finally:
            process.kill()


def test_it_imports_nothing_of_p2claw_but_itself() -> None:
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in getattr(node, "names", [])]
            module = getattr(node, "module", None)
            for name in [module] if module else names:
                assert not name.startswith("p2claw") or name.startswith("p2claw.demo_app"), file
