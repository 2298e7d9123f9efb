"""What a compose file makes, as processes in one network, and a box that joins it.

How one container becomes a process is in `tests.support.containers`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.containers import Container, Containers

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "contrib" / "p2claw"
NEW_CADDY = ROOT / "build" / "caddy" / "bin"

NAME = "apps.localhost"
ADDRESS = "198.51.100.7"
WAIT_S = 60.0
LIB = "/opt/python/lib"
_BOXES = ("p2claw", "server", "--config", "/etc/p2claw/p2claw.toml")

_APP = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Shows(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["X-Forwarded-For"].encode())
HTTPServer(("127.0.0.1", 3000), Shows).serve_forever()
"""


class Deployment:
    """What a compose file makes, in a folder of its own. server: its service that is asked."""

    def __init__(
        self, folder: Path, compose: dict[str, Any], machine: Containers, server: str = "server"
    ) -> None:
        self._server = server
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
        if command[0] == "caddy" and NEW_CADDY.exists():
            command = (str(NEW_CADDY / "caddy"), *command[1:])
        if name == "coturn":
            environ["COTURN_LOOK_S"] = "0.2"
        return replace(made, command=command, volumes=tuple(volumes), environment=environ)

    def setup(self, *arguments: str) -> None:
        done = self.machine.run(self.container("setup", *arguments))
        assert done.returncode == 0, done.stderr

    def start(self, *names: str) -> None:
        for name in names or ("server", "caddy", "coturn", "haproxy"):
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

    def joins(self, trusted: Path) -> str:
        """A box joins and exposes an app; its URL."""

        def joined() -> bool:
            return bool(
                self.run("p2claw", "join", f"https://{NAME}", trusted=trusted).returncode == 0
            )

        until(joined, self)
        self.box(trusted)

        def exposed() -> str:
            done = self.run("p2claw", "expose", "dog", "3000", "--json", trusted=trusted)
            return str(json.loads(done.stdout)["url"] or "") if done.returncode == 0 else ""

        until(lambda: bool(exposed()), self)
        return exposed()

    def visited(self, url: str, trusted: Path) -> tuple[int, str]:
        """Status and body of a visit from the address of the machine."""
        edge = f"https://{ADDRESS}"
        page = self.must("p2claw", "fetch", url, "--edge", edge, "--json", trusted=trusted)
        return page["status"], page["body"]

    def is_visited(self, url: str, trusted: Path) -> bool:
        """Whether a visit leads to the app just now."""
        edge = f"https://{ADDRESS}"
        done = self.run("p2claw", "fetch", url, "--edge", edge, "--json", trusted=trusted)
        return bool(done.returncode == 0 and json.loads(done.stdout)["status"] == 200)

    def boxes(self) -> list[dict[str, Any]]:
        """What the operator sees."""
        asks = replace(self.container(self._server), command=(*_BOXES, "boxes", "--json"))
        done = self.machine.run(asks)
        assert done.returncode == 0, done.stderr
        listed: list[dict[str, Any]] = json.loads(done.stdout)["boxes"]
        return listed

    @property
    def pair(self) -> tuple[Path, Path]:
        return self._etc / "turn-chain.pem", self._etc / "turn-key.pem"


def until(true: Callable[[], bool], deployment: Deployment) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline_s, deployment.machine.logs()
        time.sleep(0.3)
