"""Packages that load their modules when a name is first used: they have all that they promise."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from p2claw.lazy_names import lazy_names

PACKAGES = ("p2claw.config", "p2claw.wire.signalling")


def promised(package: str) -> dict[str, str]:
    """What a type checker is shown: each name, and the module that has it."""
    source = Path(str(importlib.import_module(package).__file__)).read_text(encoding="utf-8")
    return {
        name.name: str(node.module)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{package}.")
        for name in node.names
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_found_is_what_a_type_checker_is_shown(package: str) -> None:
    module = importlib.import_module(package)
    names = promised(package)
    assert sorted(names) == sorted(module.__all__)
    found = {name: getattr(module, name) for name in names}
    assert found == {
        name: getattr(importlib.import_module(home), name) for name, home in names.items()
    }


@pytest.mark.parametrize(
    ("code", "left_out"),
    [
        ("from p2claw.config import home_dir", "p2claw.config.server"),
        ("from p2claw.wire.signalling import SDP_BYTES", "p2claw.wire.signalling.agent"),
    ],
)
def test_one_name_does_not_load_the_modules_of_others(code: str, left_out: str) -> None:
    script = f"{code}\nimport sys; sys.exit(int({left_out!r} in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_name_that_there_is_not_is_no_attribute() -> None:
    find = lazy_names("p2claw.config", {"places": ("home_dir",)})
    with pytest.raises(AttributeError, match="serverr"):
        find("serverr")
    with pytest.raises(ImportError):
        from p2claw.config import serverr  # type: ignore[attr-defined]  # noqa: F401
