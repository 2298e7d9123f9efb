"""demo: it comes up, says where, and leaves nothing behind however it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from p2claw.cli.demo.stage import USUAL_PORT
from tests.cli.demos import Demo, demo
from tests.cli.program import argv_of, env_of, p2claw
from tests.support.processes import alive

GONE_S = 20


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def port_of(url: str) -> int:
    return int(url.rstrip("/").rpartition(":")[2])


def within(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + GONE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def processes_that_name(folder: Path) -> list[str]:
    """Command lines of processes that were started with this folder."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if str(folder) in line]


def nothing_left(ended: Demo) -> bool:
    ports = (port_of(ended.facts["edge"]), port_of(ended.facts["upstream"]))
    return not any(map(alive, ended.children)) and not any(map(listening, ports))


def test_it_prints_the_documented_facts(running: Demo) -> None:
    assert running.facts.keys() == {
        *("url", "key_url", "app", "upstream", "upstream_listens", "edge", "data", "pids"),
        "took_s",
    }
    assert running.facts["pids"].keys() == {"sample app", "server", "agent"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_and_it_exits_with_0(folder: Path, number: signal.Signals) -> None:
    with demo(folder) as started:
        assert started.facts, started.output()
        assert started.end(number) == 0
        assert nothing_left(started)


def test_killing_it_outright_leaves_nothing_behind_either(folder: Path) -> None:
    with demo(folder) as started:
        assert started.facts, started.output()
        started.end(signal.SIGKILL)
        assert within(lambda: nothing_left(started))


def test_a_signal_while_it_starts_ends_it_too(folder: Path) -> None:
    argv = argv_of("demo", "--data", str(folder))
    with subprocess.Popen(argv, env=env_of(folder), stderr=subprocess.PIPE) as starting:
        assert within((folder / "server.log").exists)
        starting.terminate()
        assert starting.wait(GONE_S) == 0
    assert processes_that_name(folder) == []


def test_the_url_stays_from_run_to_run(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with demo(folder, "--server-port", port) as first:
        assert first.facts, first.output()
    with demo(folder, "--server-port", port) as second:
        assert second.facts.get("url") == first.url


def test_one_folder_holds_one_demo(running: Demo, home: Path) -> None:
    ran = p2claw(home, "demo", "--json", "--data", str(running.folder))
    assert (ran.code, ran.error["code"]) == (2, "demo-running")


def test_where_the_usual_port_is_taken_it_prints_so_and_uses_another(folder: Path) -> None:
    with contextlib.ExitStack() as held:
        if not listening(USUAL_PORT):  # else somebody has it already
            held.enter_context(socket.create_server(("127.0.0.1", USUAL_PORT)))
        argv = argv_of("demo", "--data", str(folder))
        with subprocess.Popen(
            argv, env=env_of(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as started:
            assert started.stderr is not None
            lines = list(iter(started.stderr.readline, "Ctrl-C stops everything.\n"))
            started.send_signal(signal.SIGINT)
            out, _ = started.communicate(timeout=GONE_S)
    assert any(f"port {USUAL_PORT} is taken" in line for line in lines)
    assert "http://tidepool-" in out and f":{USUAL_PORT}/" not in out


@pytest.mark.parametrize("title", ["server", "agent", "sample app"])
def test_a_part_that_dies_is_named_with_the_end_of_its_log(folder: Path, title: str) -> None:
    with demo(folder) as started:
        assert started.facts, started.output()
        os.kill(started.facts["pids"][title], signal.SIGKILL)
        assert started.process.wait(GONE_S) == 1
        assert f"The {title} ended by itself" in started.output()
        assert nothing_left(started)


def test_a_server_that_cannot_start_is_reported_at_once(folder: Path) -> None:
    with demo(folder, P2CLAW_STATIC="/no/such/folder") as started:
        assert started.process.wait(GONE_S) == 1
    assert "The server ended by itself" in started.output()
    assert "bootstrap-missing" in started.output()


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "5")
        self.end_headers()
        self.wfile.write(b"mine\n")

    def log_message(self, *_: object) -> None:
        pass


def test_with_a_port_it_publishes_ones_own_app(folder: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Hello) as mine:
        Thread(target=mine.serve_forever, daemon=True).start()
        try:
            with demo(folder, "--port", str(mine.server_port), "--name", "mine") as started:
                assert started.facts, started.output()
                assert started.facts["pids"].keys() == {"server", "agent"}
                assert started.url.startswith("http://mine-")
                assert p2claw(folder, "fetch", started.url).out == "mine\n"
        finally:
            mine.shutdown()


def test_with_nothing_on_the_port_it_still_comes_up_and_prints_so(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with demo(folder, "--port", str(port)) as started:
        assert started.facts["upstream_listens"] is False
