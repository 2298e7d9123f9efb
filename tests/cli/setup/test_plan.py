"""The files of a server, read by the real programs that they are for."""

from __future__ import annotations

import asyncio
import subprocess
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from p2claw.cli.setup.plan import Plan, config_text
from p2claw.cli.setup.texts import caddy_text, copy_units, coturn_text, haproxy_text
from p2claw.config import ServerConfig
from p2claw.coord.ice import ice_servers
from p2claw.link.ice.lending import lent_by
from p2claw.link.ice.servers import read_servers
from tests.cli.program import p2claw
from tests.cli.setup.ports import free_port
from tests.support.certificates import write_certificate
from tests.support.namespaces import has

NAME = "apps.example.org"
OWN = (Path("/etc/ssl/chain.pem"), Path("/etc/ssl/key.pem"))
NEW_CADDY = Path(__file__).parents[3] / "build" / "caddy" / "bin" / "caddy"


def plan(folder: Path, **more: Any) -> Plan:
    return Plan(parent=NAME, folder=folder, data=folder / "data", **more)


PLANS: dict[str, dict[str, Any]] = {
    "caddy alone": {},
    "with a relay": {"turn": f"turn.{NAME}", "operator": 'A "Club" \\ ü', "contact": "a@b.example"},
    "own certificate": {"certificate": OWN},
    "own certificate and relay": {"certificate": OWN, "turn": f"turn.{NAME}", "turn_tls": 5349},
    "a relay by TLS": {"turn": f"turn.{NAME}", "turn_tls": 5349, "acme": "https://ca.test/dir"},
    "a network of one's own": {"internal_ca": True, "http_port": 8080, "https_port": 8443},
    "by invitation": {"joining": "invite"},
}


@pytest.mark.parametrize("more", PLANS.values(), ids=list(PLANS))
def test_the_options_are_good(home: Path, more: dict[str, Any]) -> None:
    made = plan(home, **more)
    made.config_path.write_text(config_text(made))
    made.secret_path.write_text("secret\n")
    checked = p2claw(home, "config", "check", "--config", str(made.config_path), "--json")
    assert checked.json["problems"] == []
    table = tomllib.loads(made.config_path.read_text())["server"]
    assert table["parent"] == NAME
    assert table.get("operator", "") == made.operator


SHARED: dict[str, dict[str, Any]] = {
    "one port": {"turn": f"turn.{NAME}", "turn_tls": 443, "contact": "a@b.example"},
    "one port of a network of one's own": {
        "turn": f"turn.{NAME}",
        "turn_tls": 8443,
        "https_port": 8443,
        "http_port": 8080,
        "internal_ca": True,
    },
    "one port and own certificate": {
        "turn": f"turn.{NAME}",
        "turn_tls": 443,
        "certificate": (Path("chain.pem"), Path("key.pem")),
    },
}


@pytest.mark.skipif(not has("caddy"), reason="needs caddy")
@pytest.mark.parametrize("more", [one for one in PLANS.values() if "certificate" not in one])
def test_caddy_finds_nothing_wrong(home: Path, more: dict[str, Any]) -> None:
    adapted("caddy", plan(home, **more))


@pytest.mark.skipif(not NEW_CADDY.exists(), reason="needs the Caddy of `make test`")
@pytest.mark.parametrize("more", SHARED.values(), ids=list(SHARED))
def test_a_newer_caddy_finds_nothing_wrong_behind_haproxy(home: Path, more: dict[str, Any]) -> None:
    adapted(str(NEW_CADDY), plan(home, **more))


def adapted(program: str, made: Plan) -> None:
    """Caddy reads the file without a word, and finds it formatted as it would format it."""
    home = made.folder
    if made.certificate is not None:
        write_certificate(home, NAME)
        made = replace(made, certificate=(home / "cert.pem", home / "key.pem"))
    made.caddy_path.write_text(caddy_text(made))
    arguments = [program, "adapt", "--validate", "--config", str(made.caddy_path)]
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        arguments, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "not formatted" not in done.stderr
    assert ('"on_demand":true' in done.stdout) == (made.certificate is None)


@pytest.mark.skipif(not has("haproxy"), reason="needs haproxy")
@pytest.mark.parametrize("ipv6", [False, True])
def test_haproxy_finds_nothing_wrong(home: Path, ipv6: bool) -> None:
    made = plan(home, **SHARED["one port"])
    made.haproxy_path.write_text(haproxy_text(made, ipv6=ipv6))
    arguments = ["/usr/sbin/haproxy", "-c", "-f", str(made.haproxy_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "WARNING" in done.stdout + done.stderr) == (0, False), done.stderr


@pytest.mark.skipif(not has("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units_of_the_certificate(home: Path) -> None:
    made = plan(home, turn=f"turn.{NAME}", turn_tls=5349)
    assert made.relay_certificate is not None
    for name, text in copy_units(*made.relay_certificate, made).items():
        (home / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, home.glob("*.path"))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(home) not in done.stderr


def test_the_relays_certificate_is_where_caddy_keeps_it(home: Path) -> None:
    turn = f"turn.{NAME}"
    kept = [
        str(pair[0].relative_to("/var/lib/caddy/.local/share/caddy/certificates"))
        for more in ({}, {"internal_ca": True}, {"acme": "https://CA.test:14000/acme/dir/"})
        if (pair := plan(home, turn=turn, turn_tls=443, **more).relay_certificate)
    ]
    assert kept == [
        f"{folder}/{turn}/{turn}.crt"
        for folder in (
            "acme-v02.api.letsencrypt.org-directory",
            "local",
            "ca.test-14000-acme-dir",
        )
    ]


SECRET = "secret"


@pytest.mark.skipif(not has("turnserver"), reason="needs coturn")
async def test_coturn_runs_with_it_and_knows_every_line(home: Path) -> None:
    mapped = "198.51.100.7/127.0.0.1"
    made, port = plan(home, turn="turn.localhost", external_ip=mapped), free_port()
    made.coturn_path.write_text(coturn_text(made, SECRET, listening_port=port, log="stdout"))
    process = await asyncio.create_subprocess_exec(
        *("turnserver", "-c", str(made.coturn_path), "--pidfile", str(home / "pid")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=home,
    )
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                except OSError:
                    assert process.returncode is None
                    await asyncio.sleep(0.1)
            # As a cloud maps it: visitors are given that address, and not the machine's own.
            config = ServerConfig(turn_urls=(f"turn:127.0.0.1:{port}",), turn_secret=SECRET)
            (server,) = read_servers(
                ice_servers(config, "test", int(time.time()), turn_urls=config.turn_urls)
            ).turn
            assert await lent_by(server) == "198.51.100.7"
    finally:
        process.terminate()
        output, _ = await process.communicate()
    text = output.decode().lower()
    assert "bad configuration" not in text and "unknown" not in text, text
    assert "use-auth-secret" not in text.replace("use_auth", "")


def test_the_readme_keeps_coturn_out_of_the_same_networks_as_setup(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    written = coturn_text(plan(tmp_path), "secret")
    for name in ("denied-peer-ip", "user-quota", "total-quota"):
        lines = [
            [line for line in text.splitlines() if line.startswith(f"{name}=")]
            for text in (readme, written)
        ]
        assert lines[0] == lines[1] != []
