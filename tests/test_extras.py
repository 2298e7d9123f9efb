"""How what an extra asks for is installed where the program is, without a registry that has it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from p2claw.extras import install_command, packages_of

ROOT = Path(__file__).parents[1]


def stated(extra: str) -> set[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return set(map(Requirement, project["optional-dependencies"][extra]))


@pytest.mark.parametrize("extra", ["mcp", "cluster"])
def test_an_extra_is_what_the_project_states(extra: str) -> None:
    assert set(map(Requirement, packages_of(extra))) == stated(extra) != set()


def test_the_command_is_one_that_pip_understands_and_never_names_the_program() -> None:
    command = install_command("mcp")
    assert command.startswith(f"{sys.executable} -m pip install ") and "p2claw" not in (
        command.removeprefix(sys.executable)
    )
    tried = subprocess.run(
        f"{command} --dry-run --no-index --quiet",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr  # it is there already


@pytest.mark.parametrize(
    "file, words", [("pipx_metadata.json", "pipx inject p2claw "), ("uv-receipt.toml", "uv pip ")]
)
def test_who_made_the_environment_is_asked_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, words: str
) -> None:
    (tmp_path / file).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert install_command("mcp").startswith(words)


@pytest.mark.parametrize("page", ["CODING_AGENTS.md", "guides/coding-agent.md", "OPERATIONS.md"])
def test_no_page_has_anybody_ask_a_registry_for_the_program(page: str) -> None:
    assert "install 'p2claw[" not in (ROOT / "docs" / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("extra, page", [("mcp", "CODING_AGENTS.md"), ("cluster", "OPERATIONS.md")])
def test_the_pages_name_what_the_project_states(extra: str, page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = {Requirement(quoted) for quoted in re.findall(r"'([a-z]+[^']*>=[^']*)'", text)}
    assert stated(extra) <= named
