"""The property lists of launchd, read as macOS reads them."""

from __future__ import annotations

import plistlib
from pathlib import Path

import pytest

from p2claw.cli.service.definition import agent_definition, server_definition
from p2claw.cli.service.launchd_plist import label, plist_text

LOG = Path("/tmp/some & other.log")


def test_the_agent_is_started_at_login_and_kept() -> None:
    definition = agent_definition()
    found = plistlib.loads(plist_text(definition, LOG).encode())
    assert found["Label"] == label(definition) == "org.p2claw.agent"
    assert found["ProgramArguments"] == list(definition.command)
    assert (found["RunAtLoad"], found["KeepAlive"]) == (True, True)
    assert found["StandardErrorPath"] == str(LOG)
    assert "UserName" not in found


def test_the_server_runs_as_its_user() -> None:
    found = plistlib.loads(plist_text(server_definition(user="_p2claw"), LOG).encode())
    assert (found["Label"], found["UserName"]) == ("org.p2claw.server", "_p2claw")
    assert found["EnvironmentVariables"] == {"P2CLAW_HOME": "/var/lib/p2claw"}


def test_another_home_is_another_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    labels = set()
    for home in (tmp_path / "a" / "box", tmp_path / "b" / "box"):
        monkeypatch.setenv("P2CLAW_HOME", str(home))
        definition = agent_definition()
        found = plistlib.loads(plist_text(definition, LOG).encode())
        assert found["EnvironmentVariables"]["P2CLAW_HOME"] == str(home)
        labels.add(found["Label"])
    assert len(labels) == 2
