"""The compose file: its services as processes in one network, with a real authority, visited.

Caddy, coturn, HAProxy and Pebble are real; what is tried is that their files are right together:
certificates on demand and given ones, one port for HTTPS and for the relay by TLS, and that the
server still sees who visits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.setup.deployment import ADDRESS, FOLDER, NAME, NEW_CADDY, Deployment, until
from tests.support.certificates import write_certificate
from tests.support.containers import containers, has_containers, read_compose
from tests.support.namespaces import has
from tests.support.pebble import Pebble, has_pebble, pebble

pytestmark = [
    pytest.mark.skipif(
        not (has_containers() and has_pebble() and has("turnserver", "haproxy"))
        or not (NEW_CADDY / "caddy").exists(),
        reason="needs root, docker-compose, pebble, coturn, haproxy, and `make test`'s Caddy",
    ),
    pytest.mark.timeout(300),
]


@pytest.fixture
def compose() -> dict[str, Any]:
    services: dict[str, Any] = read_compose(FOLDER / "compose.yaml", P2CLAW_NAME=NAME)["services"]
    return services


def test_the_compose_file_is_good_and_gives_no_more_than_is_needed(compose: dict[str, Any]) -> None:
    assert set(compose) == {"setup", "server", "caddy", "haproxy", "coturn"}
    for name, service in compose.items():
        if name != "setup":
            assert (service["cap_drop"], service["restart"]) == (["ALL"], "unless-stopped")
    assert compose["server"]["user"] == "8787:8787"


@pytest.fixture
def deployment(home: Path, compose: dict[str, Any]) -> Iterator[Deployment]:
    (home / "etc").mkdir()
    with containers(home, address=ADDRESS, names=(f"turn.{NAME}",)) as machine:
        yield Deployment(home, compose, machine)


@contextlib.contextmanager
def authority(deployment: Deployment, home: Path) -> Iterator[Pebble]:
    with pebble(
        home / "pebble", http_port=80, tls_port=443, inside=deployment.machine.inside
    ) as found:
        yield found


def is_used(deployment: Deployment, trusted: Path) -> None:
    """A box joins and is visited, by an address that the server sees; the relay serves all ways."""
    shown = deployment.joins(trusted)
    # HAProxy and Caddy have passed on who visits: not 127.0.0.0.
    assert deployment.visited(shown, trusted) == (200, "198.51.100.0")
    allocating = ("/opt/p2claw/bin/python", "-m", "tests.cli.setup.allocating")
    (box,) = deployment.boxes()
    given = ("/etc/p2claw/p2claw.toml", box["key_alias"])
    relays = deployment.must(*allocating, *given, trusted=trusted)
    turn = f"turn.{NAME}"
    assert relays == dict.fromkeys(
        (f"udp:{turn}:3478", f"tcp:{turn}:3478", f"tls:{turn}:443"), ADDRESS
    )
    # What coturn writes of these allocations counts for the box.
    until(lambda: bool(deployment.boxes()[0]["relayed_bytes"]), deployment)


def test_one_address_serves_visitors_and_relay_with_certificates_on_demand(
    deployment: Deployment, home: Path
) -> None:
    with authority(deployment, home) as acme:
        (home / "etc" / "acme-root.pem").write_bytes(acme.trusted.read_bytes())
        deployment.setup("--acme", acme.url, "--acme-root", "/etc/p2claw/acme-root.pem")
        deployment.start()
        is_used(deployment, acme.issuer)


def test_given_files_serve_the_same(deployment: Deployment, home: Path) -> None:
    made = home / "made"
    made.mkdir()
    written = write_certificate(made, NAME, names=(NAME, f"*.{NAME}"))
    for source, target in zip(written, deployment.pair, strict=True):
        target.write_bytes(source.read_bytes())
    given = ("--tls-cert", "/etc/p2claw/turn-chain.pem", "--tls-key", "/etc/p2claw/turn-key.pem")
    deployment.setup(*given)
    deployment.start()
    is_used(deployment, written[0])
    # coturn reads a pair that was renewed, and keeps its links.
    renewed = home / "renewed"
    renewed.mkdir()
    pair = write_certificate(renewed, NAME, names=(NAME, f"*.{NAME}"))
    for source, target in zip(pair, deployment.pair, strict=True):
        target.write_bytes(source.read_bytes())

    def is_renewed() -> bool:
        allocating = ("/opt/p2claw/bin/python", "-m", "tests.cli.setup.allocating")
        given = (*allocating, "/etc/p2claw/p2claw.toml", "")
        done = deployment.run(*given, trusted=pair[0])
        return bool(done.returncode == 0)

    until(is_renewed, deployment)
