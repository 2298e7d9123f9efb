"""doctor: what it finds on boxes that are ill, and on one that is not."""

from __future__ import annotations

import email.utils
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from aioice import stun

from p2claw.cli.doctor import network
from p2claw.edge.bootstrap import load_bootstrap
from p2claw.edge.browser_side import BrowserSide
from p2claw.edge.kinds import WORKER_PATH
from tests.cli.demos import Demo
from tests.cli.program import Ran, p2claw


def levels(ran: Ran) -> dict[str, str]:
    """The worst level of each check."""
    order = ("ok", "warn", "fail")
    found: dict[str, str] = {}
    for check in ran.json["checks"]:
        name = check["check"]
        found[name] = max(found.get(name, "ok"), check["level"], key=order.index)
    return found


def served(ran: Ran) -> tuple[str, str]:
    """What was found of the files that the server sends to browsers: level, and text."""
    [check] = [check for check in ran.json["checks"] if check["check"] == "browser side"]
    return check["level"], check["text"]


def examine(home: Path, *arguments: str, **env: Any) -> Ran:
    return p2claw(home, "doctor", "--json", *arguments, **env)


def test_a_healthy_box_passes_and_is_visited(running: Demo) -> None:
    ran = examine(running.box_home)
    assert (ran.code, ran.json["ok"]) == (0, True)
    found = levels(ran)
    assert found.pop("stun") == "warn"  # none is configured
    found.pop("buffers")  # as the machine has it
    assert set(found.values()) == {"ok"}
    assert found.keys() >= {"key", "upstream", "udp", "agent", "coordinator", "clock", "visit"}


def test_every_finding_that_is_not_ok_names_what_to_do(home: Path) -> None:
    checks = examine(home).json["checks"]
    assert [check for check in checks if check["level"] != "ok" and not check["advice"]] == []


def test_a_fresh_box_fails_nothing(home: Path) -> None:
    ran = examine(home, P2CLAW_COORDINATOR="")
    assert "fail" not in levels(ran).values()


def test_a_damaged_key_fails(home: Path) -> None:
    (home / "identity.key").write_text("rubbish")
    (home / "identity.key").chmod(0o600)
    ran = examine(home)
    assert (ran.code, levels(ran)["key"]) == (1, "fail")


def test_a_home_that_others_can_change_fails(home: Path) -> None:
    home.chmod(0o777)
    assert levels(examine(home))["home"] == "fail"


def test_a_home_that_others_can_read_is_noted(home: Path) -> None:
    home.chmod(0o755)
    assert levels(examine(home))["home"] == "warn"


def test_a_home_too_long_for_a_socket_fails(home: Path) -> None:
    assert levels(examine(home / ("x" * 120)))["home"] == "fail"


def test_damaged_routes_fail(home: Path) -> None:
    (home / "routes.json").write_text("[]")
    (home / "routes.json").chmod(0o600)
    assert levels(examine(home))["routes"] == "fail"


def test_an_app_with_nothing_behind_it_fails(home: Path) -> None:
    p2claw(home, "expose", "dog", "unix:/no/such/socket")
    assert levels(examine(home))["upstream"] == "fail"


def test_a_coordinator_that_was_named_must_respond(home: Path) -> None:
    ran = examine(home, "--coordinator", "http://localhost:1")
    assert (ran.code, levels(ran)["coordinator"]) == (1, "fail")


def test_the_slow_codec_is_noted(home: Path) -> None:
    assert levels(examine(home, P2CLAW_PURE="1"))["codec"] == "warn"


def test_without_the_extension_it_prints_how_to_build_it() -> None:
    script = (
        "import sys; sys.modules['p2claw._fastframe'] = None\n"
        "from p2claw.cli.main import main; sys.exit(main(['doctor']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "fail  codec" in done.stdout and "make build" in done.stdout


@pytest.fixture
def stun_server() -> Any:
    """Responds to binding requests on loopback."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            datagram, address = server.recvfrom(2048)
            if datagram == b"end":
                return
            asked = stun.parse_message(datagram)
            response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, asked.transaction_id)
            response.attributes["XOR-MAPPED-ADDRESS"] = address
            server.sendto(bytes(response), address)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"stun:127.0.0.1:{server.getsockname()[1]}"
    server.sendto(b"end", server.getsockname())
    thread.join(5)
    server.close()


def test_a_stun_server_that_responds_is_ok(home: Path, stun_server: str) -> None:
    found = levels(examine(home, "--stun", stun_server))
    assert (found["stun"], found["nat"], found["mtu"]) == ("ok", "ok", "ok")
    assert "hairpin" not in found  # on loopback there is no NAT


def test_a_stun_server_that_is_silent_fails(home: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"stun:127.0.0.1:{silent.getsockname()[1]}"
        assert levels(examine(home, "--stun", url))["stun"] == "fail"


def test_a_visit_from_outside_is_timed_step_by_step(running: Demo, home: Path) -> None:
    ran = examine(home, running.url)
    assert (ran.code, ran.json["ok"]) == (0, True)
    steps = [check["check"] for check in ran.json["checks"]]
    assert steps == [
        *("name", "server", "edge", "clock", "browser side"),
        *("introduction", "stun", "link", "app", "path"),
    ]
    timed = {check["check"] for check in ran.json["checks"] if check["took_ms"] is not None}
    assert timed == {*steps} - {"clock", "stun"}


def test_the_files_that_a_server_sends_to_browsers_are_those_of_this_version(
    running: Demo, home: Path
) -> None:
    level, text = served(examine(home, running.url))
    assert level == "ok" and "byte for byte" in text


def test_a_file_that_is_not_that_of_a_release_is_named(
    running: Demo, home: Path, tmp_path: Path
) -> None:
    listed = BrowserSide.of(load_bootstrap())
    digests = {**listed.digests, WORKER_PATH: "0" * 64, "/__p2claw/assets/old.js": "1" * 64}
    file = tmp_path / "list.json"
    file.write_bytes(BrowserSide("0.0.9", digests).content())
    ran = examine(home, running.url, "--browser-side", str(file))
    level, text = served(ran)
    assert (ran.code, level) == (0, "warn")
    assert f"2 of {len(digests)} files are not those of p2claw 0.0.9" in text
    assert "/__p2claw/sw.js (other bytes)" in text and "old.js (status 404)" in text


def test_a_file_that_is_no_list_of_a_release_is_refused(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text("{}")
    ran = examine(home, "http://dog-crab.localhost:1/", "--browser-side", str(file))
    assert (ran.code, ran.error["code"]) == (2, "browser-side-invalid")
    ran = examine(home, "http://dog-crab.localhost:1/", "--browser-side", str(file) + ".gone")
    assert (ran.code, ran.error["code"]) == (2, "file-unreadable")


def test_a_visit_from_outside_ends_with_the_step_that_fails(running: Demo, home: Path) -> None:
    ran = examine(home, running.url.replace("tidepool", "nothing"))
    last = ran.json["checks"][-1]
    assert (ran.code, last["check"], last["level"]) == (1, "introduction", "fail")
    assert "app-unknown" in last["text"] and "p2claw expose" in last["advice"]


def test_a_visit_from_outside_names_a_box_with_another_key(running: Demo, home: Path) -> None:
    other = "a" * 51 + "q"
    last = examine(home, running.url, "--key", other).json["checks"][-1]
    assert (last["check"], last["level"]) == ("introduction", "fail")
    assert "wrong-key" in last["text"]


def test_where_nothing_listens_a_visit_from_outside_ends_there(home: Path) -> None:
    ran = examine(home, "http://dog-crab.localhost:1/")
    assert [check["check"] for check in ran.json["checks"]] == ["name", "server"]
    assert ran.json["checks"][-1]["advice"]


def test_a_server_that_is_no_edge_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    if connection.recv(4096):
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        threading.Thread(target=serve, daemon=True).start()
        ran = examine(home, f"http://dog-crab.localhost:{server.getsockname()[1]}/")
    last = ran.json["checks"][-1]
    assert (last["check"], last["level"]) == ("edge", "fail")
    assert "proxy" in last["advice"]


@pytest.mark.parametrize(
    ("kept", "blamed"), [(True, "the coordinator's is wrong"), (False, "behind the coordinator")]
)
def test_of_two_clocks_the_one_that_nobody_keeps_is_blamed(
    monkeypatch: pytest.MonkeyPatch, *, kept: bool, blamed: str
) -> None:
    monkeypatch.setattr(network, "is_clock_kept", lambda: kept)
    (finding,) = network.check_clock(email.utils.formatdate(time.time() + 500, usegmt=True))
    assert finding.level == "fail"
    assert finding.text.endswith(f"{blamed}; it will not register this box")
    assert ("owner of the coordinator" in finding.advice) is kept
