"""A full disk, and a folder of somebody else: an error with a code and what to do, no traceback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Ran, argv_of, env_of
from tests.support.own_namespace import needs_namespaces

# A disk of 64 kB that is full, at the folder of the first argument; only this command sees it.
FULL = """
mount -t tmpfs -o size=64k none "$0" && mkdir -m 700 "$0/home"
head -c 100000 /dev/zero >"$0/fill"
exec "$@"
"""
NOBODY = 65534


@pytest.fixture
def closed(home: Path) -> Iterator[Path]:
    """A home below a folder that nobody but root may look into."""
    home.chmod(0o700)
    yield home / "home"


def on_a_full_disk(home: Path, *arguments: str) -> Ran:
    command = ["unshare", "--mount", "sh", "-c", FULL, str(home), *argv_of(*arguments)]
    return _ran(command, home / "home")


def as_nobody(home: Path, *arguments: str) -> Ran:
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return _ran([*command, *argv_of(*arguments)], home)


def _ran(command: list[str], home: Path) -> Ran:
    env = env_of(home, XDG_CONFIG_HOME="/nowhere")
    done = subprocess.run(command, env=env, capture_output=True, timeout=60, check=False, cwd="/")
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize(
    "arguments, code",
    [
        (("join", "--help"), None),
        (("expose", "dog", "3000"), "routes-unwritable"),
        (("run", "--at", "http://localhost:1"), "home-unwritable"),
        (("share", "3000", "--at", "http://localhost:1"), "disk-full"),
        (("demo",), "disk-full"),
        (("edge", "export", "{}/e", "--parent=a.org", "--coordinator=https://b.org"),
         "export-unwritable"),
        (("server", "--listen=127.0.0.1:0", "--data={}/s"), "data-unusable"),
    ],
)  # fmt: skip
@needs_namespaces("unshare", "mount")
def test_a_full_disk_is_named(home: Path, arguments: tuple[str, ...], code: str | None) -> None:
    ran = on_a_full_disk(home, *(one.format(home) for one in arguments), "--json")
    assert "Traceback" not in ran.err
    if code is None:
        assert ran.code == 0
    else:
        assert ran.error["code"] == code and ran.error["hint"]


@needs_namespaces("unshare")
def test_the_doctor_notes_a_machine_without_a_network(home: Path) -> None:
    offline = 'ip link set lo up; exec "$@"'
    ran = _ran(["unshare", "--net", "sh", "-c", offline, "sh", *argv_of("doctor")], home)
    assert "warn  udp           this machine is in no network but its own" in ran.out


@needs_namespaces("unshare", "mount")
def test_the_doctor_finds_a_full_disk(home: Path) -> None:
    (finding,) = (one for one in on_a_full_disk(home, "doctor").out.splitlines() if "full" in one)
    assert finding.startswith("fail  home")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize(
    "arguments, code",
    [
        (("join", "http://localhost:1"), "coordinators-damaged"),
        (("expose", "dog", "3000"), "agent-silent"),
        (("status",), "agent-silent"),
        (("run", "--at", "http://localhost:1"), "coordinators-damaged"),
        (("demo",), "data-unwritable"),
        (("edge", "export", "{}/e", "--parent=a.org", "--coordinator=https://b.org"),
         "export-unwritable"),
    ],
)  # fmt: skip
def test_a_home_of_somebody_else_is_named(
    closed: Path, arguments: tuple[str, ...], code: str
) -> None:
    ran = as_nobody(closed, *(one.format(closed) for one in arguments), "--json")
    assert "Traceback" not in ran.err
    assert ran.error["code"] == code and ran.error["hint"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_file_of_options_of_somebody_else_is_named(closed: Path) -> None:
    ran = as_nobody(closed, "config", "check", "--config", str(closed / "p2claw.toml"), "--json")
    assert ran.json["problems"][0]["code"] == "config-unreadable"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_the_doctor_goes_on_where_it_may_not_look(closed: Path) -> None:
    ran = as_nobody(closed, "doctor")
    assert ran.code == 1 and "Traceback" not in ran.err
    assert f"fail  home          {closed} cannot be looked at: Permission denied" in ran.out
