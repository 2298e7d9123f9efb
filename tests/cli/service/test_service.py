"""`p2claw service` where it can do nothing: what it says, and that it writes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from p2claw.cli.service.readiness import check_root
from p2claw.errors import UsageError
from tests.cli.program import p2claw

NOT_BOOTED = pytest.mark.skipif(
    Path("/run/systemd/system").is_dir(), reason="systemd started this machine"
)


@NOT_BOOTED
def test_without_a_service_manager_nothing_is_written(home: Path) -> None:
    ran = p2claw(home, "service", "install", "--json", HOME=str(home))
    assert (ran.code, ran.error["code"]) == (1, "service-manager-missing")
    assert "--print" in ran.error["hint"]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("verb", ["uninstall", "status", "logs", "restart"])
def test_what_is_not_installed_is_not_found(home: Path, verb: str) -> None:
    ran = p2claw(home, "service", verb, "--json", HOME=str(home))
    assert (ran.code, ran.error["code"]) == (3, "service-not-installed")


def test_a_service_of_the_machine_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UsageError, match="root's to change") as caught:
        check_root("install server")
    assert caught.value.code == "service-needs-root"
    assert caught.value.hint == "sudo p2claw service install server"


def test_options_of_a_server_are_no_options_of_an_agent(home: Path) -> None:
    assert p2claw(home, "service", "install", "--user", "me").code == 2


def test_the_definition_can_be_printed_anywhere(home: Path) -> None:
    printed = p2claw(home, "service", "install", "server", "--print", "--user", "other")
    assert "\nUser=other\n" in printed.out
    as_json = p2claw(home, "service", "install", "server", "--print", "--user", "other", "--json")
    assert as_json.json == {"text": printed.out}


def test_the_service_of_another_home_knows_it(home: Path) -> None:
    printed = p2claw(home, "service", "install", "--print").out
    assert f"\nEnvironment=P2CLAW_HOME={home}\n" in printed
