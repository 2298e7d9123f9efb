"""The files of a server, read by the real programs that they are for."""

from __future__ import annotations

import asyncio
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from p2claw.cli.setup.plan import Plan, caddy_text, config_text, coturn_text
from tests.cli.program import p2claw
from tests.cli.setup.ports import free_port
from tests.support.namespaces import has

NAME = "apps.example.org"


def plan(folder: Path, **more: Any) -> Plan:
    return Plan(parent=NAME, folder=folder, data=folder / "data", **more)


PLANS: dict[str, dict[str, Any]] = {
    "caddy alone": {},
    "with a relay": {"turn": f"turn.{NAME}", "operator": 'A "Club" \\ ü', "contact": "a@b.example"},
    "own certificate": {"certificate": (Path("/etc/ssl/chain.pem"), Path("/etc/ssl/key.pem"))},
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


@pytest.mark.skipif(not has("caddy"), reason="needs caddy")
@pytest.mark.parametrize("more", PLANS.values(), ids=list(PLANS))
def test_caddy_finds_nothing_wrong(home: Path, more: dict[str, Any]) -> None:
    made = plan(home, **more)
    made.caddy_path.write_text(caddy_text(made))
    arguments = ["caddy", "adapt", "--validate", "--config", str(made.caddy_path)]
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        arguments, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "not formatted" not in done.stderr
    assert '"on_demand":true' in done.stdout


@pytest.mark.skipif(not has("turnserver"), reason="needs coturn")
async def test_coturn_runs_with_it_and_knows_every_line(home: Path) -> None:
    made, port = plan(home, turn="turn.localhost"), free_port()
    made.coturn_path.write_text(coturn_text(made, "secret", listening_port=port))
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
