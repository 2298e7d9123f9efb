"""The compose file: its services as processes in one network, with a real authority, visited.

Caddy, coturn, HAProxy and Pebble are real; what is tried is that their files are right together:
certificates on demand and given ones, one port for HTTPS and for the relay by TLS, and that the
server still sees who visits.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import write_certificate
from tests.support.containers import Container, Containers, containers, has_containers, read_compose
from tests.support.namespaces import has
from tests.support.pebble import Pebble, has_pebble, pebble

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "contrib" / "p2claw"
NEW_CADDY = ROOT / "build" / "caddy" / "bin"

pytestmark = [
    pytest.mark.skipif(
        not (has_containers() and has_pebble() and has("turnserver", "haproxy"))
        or not (NEW_CADDY / "caddy").exists(),
        reason="needs root, docker-compose, pebble, coturn, haproxy, and `make test`'s Caddy",
    ),
    pytest.mark.timeout(300),
]

NAME = "apps.localhost"
ADDRESS = "198.51.100.7"
WAIT_S = 60.0
_BOXES = ("p2claw", "server", "--config", "/etc/p2claw/p2claw.toml")
LIB = "/opt/python/lib"

_APP = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Shows(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["X-Forwarded-For"].encode())
HTTPServer(("127.0.0.1", 3000), Shows).serve_forever()
"""


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


class Deployment:
    """What the compose file makes, in a folder of its own."""

    def __init__(self, folder: Path, compose: dict[str, Any], machine: Containers) -> None:
        self._folder = folder
        self._etc = folder / "etc"
        self._services = compose
        self.machine = machine

    def container(self, name: str, *arguments: str) -> Container:
        made = Container.of(self._services[name], *arguments)
        here = str(FOLDER / "etc")
        volumes = (one.replace(here, str(self._etc)) for one in made.volumes)
        environ = dict(made.environment)
        # The image has its Caddy in front of all others.
        command = made.command
        if command[0] == "caddy":
            command = (str(NEW_CADDY / "caddy"), *command[1:])
        if name == "coturn":
            environ["COTURN_LOOK_S"] = "0.2"
        return replace(made, command=command, volumes=tuple(volumes), environment=environ)

    def setup(self, *arguments: str) -> None:
        done = self.machine.run(self.container("setup", *arguments))
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        for name in ("server", "caddy", "coturn", "haproxy"):
            self.machine.start(name, self.container(name))

    def run(self, *command: str, trusted: Path, home: Path | None = None) -> Any:
        """What a program beside it prints with JSON, with the exit code."""
        environ = {"P2CLAW_HOME": str(home or self._folder / "home"), "HOME": str(self._folder)}
        environ["SSL_CERT_FILE"] = str(trusted)
        environ["PYTHONPATH"] = str(ROOT)
        environ["LD_LIBRARY_PATH"] = LIB
        etc = (f"{self._etc}:/etc/p2claw:ro",)
        return self.machine.run(Container(command, volumes=etc, environment=environ))

    def must(self, *command: str, trusted: Path) -> Any:
        done = self.run(*command, trusted=trusted)
        assert done.returncode == 0, f"{command}: {done.stderr}\n{self.machine.logs()}"
        return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stdout

    def box(self, trusted: Path) -> None:
        """A box, and an app that shows from which network it is visited."""
        app = Container(
            ("/opt/p2claw/bin/python", "-c", _APP), environment={"LD_LIBRARY_PATH": LIB}
        )
        self.machine.start("app", app)
        environ = {"P2CLAW_HOME": str(self._folder / "home"), "SSL_CERT_FILE": str(trusted)}
        self.machine.start("agent", Container(("p2claw", "run"), environment=environ))

    def boxes(self) -> list[dict[str, Any]]:
        """What the operator sees."""
        asks = replace(self.container("server"), command=(*_BOXES, "boxes", "--json"))
        done = self.machine.run(asks)
        assert done.returncode == 0, done.stderr
        listed: list[dict[str, Any]] = json.loads(done.stdout)["boxes"]
        return listed

    @property
    def pair(self) -> tuple[Path, Path]:
        return self._etc / "turn-chain.pem", self._etc / "turn-key.pem"


@pytest.fixture
def deployment(home: Path, compose: dict[str, Any]) -> Iterator[Deployment]:
    (home / "etc").mkdir()
    with containers(home, address=ADDRESS) as machine:
        yield Deployment(home, compose, machine)


@contextlib.contextmanager
def authority(deployment: Deployment, home: Path) -> Iterator[Pebble]:
    with pebble(
        home / "pebble", http_port=80, tls_port=443, inside=deployment.machine.inside
    ) as found:
        yield found


def until(true: Callable[[], bool], deployment: Deployment) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline_s, deployment.machine.logs()
        time.sleep(0.3)


def is_used(deployment: Deployment, trusted: Path) -> None:
    """A box joins and is visited, by an address that the server sees; the relay serves all ways."""
    url = f"https://{NAME}"

    def joined() -> bool:
        done = deployment.run("p2claw", "join", url, trusted=trusted)
        return bool(done.returncode == 0)

    until(joined, deployment)
    deployment.box(trusted)

    def exposed() -> str:
        done = deployment.run("p2claw", "expose", "dog", "3000", "--json", trusted=trusted)
        return str(json.loads(done.stdout)["url"] or "") if done.returncode == 0 else ""

    until(lambda: bool(exposed()), deployment)
    shown = exposed()
    edge = f"https://{ADDRESS}"
    page = deployment.must("p2claw", "fetch", shown, "--edge", edge, "--json", trusted=trusted)
    # HAProxy and Caddy have passed on who visits: not 127.0.0.0.
    assert (page["status"], page["body"]) == (200, "198.51.100.0")
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
