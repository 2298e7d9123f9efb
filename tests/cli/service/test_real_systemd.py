"""`p2claw service` under a real systemd: a server on port 443 and an agent of a user, visited."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.own_systemd import PROGRAM, USER, OwnSystemd, needs_systemd, own_systemd

pytestmark = [needs_systemd(), pytest.mark.timeout(300)]

URL = "http://localhost:443"
UNIT = "p2claw-server.service"
WAIT_S = 40.0
_NET_BIND_SERVICE = 1 << 10

OPTIONS = '[server]\nlisten = ":443"\nparent = "localhost"\n'


def p2claw(systemd: OwnSystemd, *arguments: str, user: bool = False) -> Any:
    """What a command printed with --json; it has to go well."""
    return json.loads(systemd.must(PROGRAM, *arguments, "--json", user=user))


def refused(systemd: OwnSystemd, *arguments: str, user: bool = False) -> dict[str, str]:
    """The error of a command that has to fail."""
    done = systemd.run(PROGRAM, *arguments, "--json", user=user)
    assert done.returncode != 0, done.stdout
    error: dict[str, str] = json.loads(done.stderr.splitlines()[-1])["error"]
    return error


def write(systemd: OwnSystemd, path: str, text: str) -> None:
    systemd.must(
        "sh", "-c", f"mkdir -p {Path(path).parent} && printf '%s' \"$1\" > {path}", "-", text
    )


def wait_for(what: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < deadline_s
        time.sleep(0.2)


@pytest.fixture(scope="module")
def systemd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnSystemd]:
    with own_systemd(tmp_path_factory.mktemp("units")) as systemd:
        if refused(systemd, "service", "install", "server")["code"] == "program-private":
            pytest.skip("p2claw or its Python lie where only their owner may read")
        yield systemd


@pytest.fixture
def server(systemd: OwnSystemd) -> Iterator[dict[str, Any]]:
    """A server that was installed as a service."""
    write(systemd, "/etc/p2claw/p2claw.toml", OPTIONS)
    yield p2claw(systemd, "service", "install", "server")
    if systemd.run("test", "-e", f"/etc/systemd/system/{UNIT}").returncode == 0:
        p2claw(systemd, "service", "uninstall", "server")


def test_a_file_of_options_that_is_not_there_keeps_a_server_from_being_installed(
    systemd: OwnSystemd,
) -> None:
    systemd.run("rm", "-rf", "/etc/p2claw")
    assert refused(systemd, "service", "install", "server")["code"] == "config-missing"


def test_a_server_that_cannot_start_leaves_no_service_and_its_last_lines(
    systemd: OwnSystemd,
) -> None:
    write(systemd, "/etc/p2claw/p2claw.toml", OPTIONS + 'tls-cert = "a.pem"\ntls-key = "b.pem"\n')
    error = refused(systemd, "service", "install", "server")
    assert (error["code"], "a.pem" in error["message"]) == ("service-failed", True)
    assert systemd.run("test", "-e", f"/etc/systemd/system/{UNIT}").returncode == 1


def test_a_server_has_port_443_by_one_capability_and_no_other(
    systemd: OwnSystemd, server: dict[str, Any]
) -> None:
    assert server["file"] == f"/etc/systemd/system/{UNIT}"
    pid = p2claw(systemd, "service", "status", "server")["pid"]
    lines = systemd.must("cat", f"/proc/{pid}/status").splitlines()
    facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert {int(facts[name], 16) for name in ("CapEff", "CapBnd")} == {_NET_BIND_SERVICE}
    assert (facts["NoNewPrivs"], facts["Seccomp"]) == ("1", "2")
    assert "0" not in facts["Uid"].split()
    assert systemd.must("curl", "-sf", f"{URL}/healthz") != ""


def test_a_server_that_hangs_is_started_again(systemd: OwnSystemd, server: dict[str, Any]) -> None:
    folder = f"/etc/systemd/system/{UNIT}.d"
    write(systemd, f"{folder}/soon.conf", "[Service]\nWatchdogSec=2\n")
    systemd.must("systemctl", "daemon-reload")
    p2claw(systemd, "service", "restart", "server")
    before = p2claw(systemd, "service", "status", "server")["pid"]
    time.sleep(4)
    assert p2claw(systemd, "service", "status", "server")["pid"] == before
    systemd.must("kill", "-STOP", str(before))
    wait_for(lambda: systemd.run("curl", "-sfm1", f"{URL}/healthz").returncode == 0)
    assert p2claw(systemd, "service", "status", "server")["restarts"] == 1
    systemd.must("rm", "-r", folder)


def test_what_a_server_logged_is_shown(systemd: OwnSystemd, server: dict[str, Any]) -> None:
    lines = p2claw(systemd, "service", "logs", "server", "--lines", "3")["lines"]
    assert len(lines) == 3
    assert any("server listening" in line["text"] for line in lines)
    assert all(line["time"].endswith("Z") for line in lines)


def test_an_uninstalled_server_is_gone_and_its_data_stay(
    systemd: OwnSystemd, server: dict[str, Any]
) -> None:
    p2claw(systemd, "service", "uninstall", "server")
    assert refused(systemd, "service", "status", "server")["code"] == "service-not-installed"
    assert systemd.run("curl", "-sfm1", f"{URL}/healthz").returncode != 0
    systemd.must("test", "-s", "/var/lib/p2claw/server/coordinator.db")


def visited(systemd: OwnSystemd, url: str) -> str:
    return systemd.must(PROGRAM, "fetch", url, "--edge", "http://127.0.0.1:443", user=True)


@pytest.mark.parametrize("namespaces", [True, False], ids=["namespaces", "none"])
def test_an_agent_of_a_user_is_visited_and_stays_after_a_restart(
    systemd: OwnSystemd, server: dict[str, Any], namespaces: bool
) -> None:
    drop_in = "/run/own-units/user.service.d/forbidden.conf"
    if not namespaces:  # as some distributions forbid them to users
        write(systemd, drop_in, "[Service]\nRestrictNamespaces=yes\n")
    systemd.must("systemctl", "daemon-reload")
    systemd.must("systemctl", "restart", "user.service")
    assert refused(systemd, "service", "restart", user=True)["code"] == "service-not-installed"
    p2claw(systemd, "join", URL, user=True)
    installed = p2claw(systemd, "service", "install", user=True)
    assert installed["sandbox"] == ("full" if namespaces else "reduced")
    write(systemd, f"/home/{USER}/site/index.html", "the page")
    url = p2claw(systemd, "expose", "site", f"/home/{USER}/site", user=True)["url"]
    assert visited(systemd, url) == "the page"
    restarted_in_the_middle_of_a_download(systemd)
    assert visited(systemd, url) == "the page"
    before = p2claw(systemd, "status", user=True)["pid"]
    again = p2claw(systemd, "service", "restart", "--now", user=True)
    assert (again["pid"] != before, again["handed_over"]) == (True, False)
    wait_for(lambda: p2claw(systemd, "status", user=True)["coordinator"]["state"] == "online")
    assert visited(systemd, url) == "the page"
    # The journal of these namespaces is root's.
    assert refused(systemd, "service", "logs", user=True)["code"] == "service-log-unreadable"
    p2claw(systemd, "service", "uninstall", user=True)
    systemd.run("rm", "-f", drop_in)


# An app whose one response takes some seconds.
_SLOW = """
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Slow(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "600000")
        self.end_headers()
        for _ in range(60):
            self.wfile.write(bytes(10_000))
            time.sleep(0.1)
HTTPServer(("127.0.0.1", 3999), Slow).serve_forever()
"""


def restarted_in_the_middle_of_a_download(systemd: OwnSystemd) -> None:
    """The new process is the service's, the download ends whole in the old one, which then ends."""
    write(systemd, "/tmp/slow.py", _SLOW)
    python = "LD_LIBRARY_PATH=/opt/python/lib exec /opt/p2claw/bin/python"
    systemd.must("sh", "-c", f"{python} /tmp/slow.py >/dev/null 2>&1 & echo $! > /tmp/slow.pid")
    url = p2claw(systemd, "expose", "slow", "3999", user=True)["url"]
    fetch = f"{PROGRAM} fetch {url} --edge http://127.0.0.1:443 --no-progress -o /tmp/film"
    downloading = f"( {fetch}; echo $? > /tmp/film.code ) >/dev/null 2>&1 &"
    systemd.must("sh", "-c", downloading, user=True)
    wait_for(lambda: systemd.run("test", "-s", "/tmp/film.part").returncode == 0)
    before = p2claw(systemd, "service", "status", user=True)["pid"]
    done = p2claw(systemd, "service", "restart", user=True)
    assert (done["handed_over"], done["pid"] != before) == (True, True)
    assert systemd.run("test", "-e", f"/proc/{before}").returncode == 0
    assert systemd.run("test", "-e", "/tmp/film.code").returncode == 1, "it was over too soon"
    assert p2claw(systemd, "service", "status", user=True)["state"] == "active (running)"
    wait_for(lambda: systemd.run("test", "-s", "/tmp/film.code").returncode == 0)
    assert systemd.must("cat", "/tmp/film.code").strip() == "0"
    assert systemd.must("stat", "-c", "%s", "/tmp/film").strip() == "600000"
    wait_for(lambda: systemd.run("test", "-e", f"/proc/{before}").returncode == 1)
    state = p2claw(systemd, "service", "status", user=True)
    assert (state["pid"], state["restarts"], state["active"]) == (done["pid"], 0, True)
    p2claw(systemd, "unexpose", "slow", user=True)
    systemd.must("sh", "-c", "kill $(cat /tmp/slow.pid); rm -f /tmp/film*")


def test_nothing_is_installed_beside_an_agent_that_runs_otherwise(
    systemd: OwnSystemd, server: dict[str, Any]
) -> None:
    p2claw(systemd, "join", URL, user=True)
    systemd.must("sh", "-c", f"{PROGRAM} run >/dev/null 2>&1 & echo $! > /tmp/agent.pid", user=True)
    wait_for(lambda: systemd.run(PROGRAM, "status", user=True).returncode == 0)
    assert refused(systemd, "service", "install", user=True)["code"] == "agent-running"
    systemd.must("sh", "-c", "kill $(cat /tmp/agent.pid)")
