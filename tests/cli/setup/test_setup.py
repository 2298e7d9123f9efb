"""`p2claw server setup`: what it says, what it writes, and what it refuses."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Ran, p2claw

NAME = "apps.localhost"


def setup(home: Path, *arguments: str) -> Ran:
    folders = ("--folder", str(home / "etc"), "--data", str(home / "data"))
    return p2claw(home, "server", "setup", NAME, *folders, *arguments)


def files(home: Path) -> dict[str, str]:
    folder = home / "etc"
    return {path.name: path.read_text() for path in folder.iterdir()} if folder.exists() else {}


def actions(ran: Ran) -> dict[str, str]:
    return {Path(step["what"]).name: step["action"] for step in ran.json["steps"]}


def test_a_dry_run_prints_everything_and_writes_nothing(home: Path) -> None:
    ran = setup(home, "--dry-run", "--json")
    assert (ran.code, ran.json["dry_run"], files(home)) == (0, True, {})
    assert {step["done"] for step in ran.json["steps"]} == {False}
    assert {"p2claw.toml", "turn-secret", "turnserver.conf", "Caddyfile"} <= actions(ran).keys()
    assert ran.json["url"] == f"https://{NAME}"


def test_files_are_written_and_the_secret_is_one_and_private(home: Path) -> None:
    ran = setup(home, "--no-start", "--contact", "abuse@example.org", "--json")
    assert ran.code == 0, ran.err
    found = files(home)
    secret = found["turn-secret"].strip()
    assert len(secret) == 64
    assert f"static-auth-secret={secret}\n" in found["turnserver.conf"]
    for name in ("turn-secret", "turnserver.conf"):
        assert stat.S_IMODE((home / "etc" / name).stat().st_mode) == 0o640
    config = str(home / "etc" / "p2claw.toml")
    assert p2claw(home, "config", "check", "--config", config).code == 0


def test_the_same_again_changes_nothing(home: Path) -> None:
    setup(home, "--no-start")
    before = files(home)
    again = setup(home, "--no-start", "--json")
    assert (again.code, set(actions(again).values()), files(home)) == (0, {"keep"}, before)


def test_what_declares_otherwise_stays_unless_it_is_asked_to_go(home: Path) -> None:
    setup(home, "--no-start")
    before = files(home)
    refused = setup(home, "--no-start", "--operator", "Club", "--json")
    assert (refused.code, refused.error["code"], files(home)) == (2, "setup-exists", before)
    assert setup(home, "--no-start", "--operator", "Club", "--replace").code == 0
    after = files(home)
    assert after["p2claw.toml.before"] == before["p2claw.toml"]
    assert 'operator = "Club"' in after["p2claw.toml"]
    assert after["turn-secret"] == before["turn-secret"], "the relay goes on with its secret"


def test_an_address_that_a_cloud_maps_is_told_to_the_relay(home: Path) -> None:
    mapped = "203.0.113.7/10.0.0.5"
    for given, line in ((mapped, f"external-ip={mapped}"), ("none", None)):
        ran = setup(home, "--no-start", "--replace", "--external-ip", given, "--json")
        assert ran.json["external_ip"] == (None if line is None else mapped)
        lines = files(home)["turnserver.conf"].splitlines()
        assert [one for one in lines if one.startswith("external-ip")] == [line] * bool(line)


def test_without_relay_and_caddy_there_is_one_file(home: Path) -> None:
    own = ("--tls-cert", "chain.pem", "--tls-key", "key.pem")
    assert setup(home, "--no-start", "--turn", "none", *own).code == 0
    assert list(files(home)) == ["p2claw.toml"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--contact", "nobody"), "contact-invalid"),
        (("--turn", "no name"), "setup-name"),
        (("--tls-cert", "chain.pem"), "tls-incomplete"),
        (("--htps-port", "1"), "usage"),
        (("--external-ip", "example.org"), "external-ip-invalid"),
        (("--external-ip", "203.0.113.7/fd00::7"), "external-ip-invalid"),
    ],
)
def test_what_cannot_be_is_refused(home: Path, arguments: tuple[str, ...], code: str) -> None:
    ran = setup(home, "--no-start", *arguments, "--json")
    assert (ran.code, ran.error["code"], files(home)) == (2, code, {})


def test_a_name_that_leads_nowhere_is_refused(home: Path) -> None:
    arguments: list[Any] = ["server", "setup", "apps.p2claw.invalid", "--folder", str(home / "etc")]
    refused = p2claw(home, *arguments, "--no-start", "--json")
    assert (refused.code, refused.error["code"], files(home)) == (2, "names-missing", {})
    shown = p2claw(home, *arguments, "--no-start", "--skip-names", "--json")
    assert (shown.code, {one["level"] for one in shown.json["names"]}) == (0, {"fail"})
