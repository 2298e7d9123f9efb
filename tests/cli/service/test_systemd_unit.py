"""The units, held against the systemd of this machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from p2claw.cli.service.definition import Definition, agent_definition, server_definition
from p2claw.cli.service.systemd_unit import unit_text
from tests.support.namespaces import has

pytestmark = pytest.mark.skipif(not has("systemd-analyze"), reason="needs systemd-analyze")

MOST_EXPOSED = 2.5


def definition_of(service: str) -> Definition:
    return agent_definition() if service == "agent" else server_definition()


def analyze(folder: Path, definition: Definition, *arguments: str) -> str:
    """What systemd-analyze says of a unit."""
    path = folder / f"{definition.name}.service"
    path.write_text(unit_text(definition))
    scope = [] if definition.of_system else ["--user"]
    done = subprocess.run(
        ["systemd-analyze", *scope, *arguments, str(path)],
        env={"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("service", ["agent", "server"])
def test_a_unit_is_closed_as_far_as_the_program_allows(tmp_path: Path, service: str) -> None:
    report = analyze(tmp_path, definition_of(service), "security", "--offline=true", "--no-pager")
    exposed = re.search(r"Overall exposure level for \S+: ([0-9.]+)", report)
    assert exposed is not None
    assert float(exposed[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("service", ["agent", "server"])
def test_systemd_finds_nothing_wrong_with_a_unit(tmp_path: Path, service: str) -> None:
    assert analyze(tmp_path, definition_of(service), "verify") == ""


def test_odd_paths_are_meant_literally() -> None:
    odd = '/srv/a b/50%/$HOME/"x"'
    text = unit_text(
        Definition(
            "server", "odd", "odd", (odd, "run"), {"P2CLAW_HOME": odd}, "p2claw", (Path(odd),)
        )
    )
    assert '\nExecStart="/srv/a b/50%%/$$HOME/\\"x\\"" run\n' in text
    assert '\nEnvironment="P2CLAW_HOME=/srv/a b/50%%/$HOME/\\"x\\""\n' in text
    assert '\nReadWritePaths="/srv/a b/50%%/$HOME/\\"x\\""\n' in text


def test_without_namespaces_nothing_is_left_that_needs_one() -> None:
    text = unit_text(agent_definition(), namespaces=False)
    assert re.findall(r"^(?:Private|Protect|ReadWrite|Capability|ProcSubset)\w*", text, re.M) == []
    assert "NoNewPrivileges=yes" in text
