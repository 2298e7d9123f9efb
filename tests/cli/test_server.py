"""`p2claw server`: what it prints, how it ends, and what it refuses to start with."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from p2claw.cli.main import main
from tests.support.certificates import write_certificate
from tests.support.server import REPOSITORY, server_process
from tests.support.static_site import write_static_site

WAIT_S = 30.0


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A server that is expected not to start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("P2CLAW_")}
    return subprocess.run(
        [sys.executable, "-m", "p2claw.cli.main", "server", *arguments],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        cwd=REPOSITORY,
        env={**kept, "PYTHONPATH": str(REPOSITORY), **environment},
    )


def _unbuilt(folder: Path, arguments: list[str]) -> None:
    (folder / "static" / "manifest.json").unlink()


def _damaged_data(folder: Path, arguments: list[str]) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "coordinator.db").write_text("damaged" * 1000)


def _damaged_certificate(folder: Path, arguments: list[str]) -> None:
    cert, key = write_certificate(folder, "x")
    cert.write_text("damaged")
    arguments += ["--tls-cert", str(cert), "--tls-key", str(key)]


def _certificate_alone(folder: Path, arguments: list[str]) -> None:
    arguments += ["--tls-cert", str(write_certificate(folder, "x")[0])]


def _turn_alone(folder: Path, arguments: list[str]) -> None:
    arguments += ["--turn", "turn:turn.example.org"]


def _empty_secret(folder: Path, arguments: list[str]) -> None:
    (folder / "secret").touch()
    arguments += ["--turn", "turn:a", "--turn-secret-file", str(folder / "secret")]


def _no_port(folder: Path, arguments: list[str]) -> None:
    arguments[arguments.index("--listen") + 1] = "localhost"


def _no_proxy(folder: Path, arguments: list[str]) -> None:
    arguments += ["--trusted-proxy", "nobody"]


def _spoiled(folder: Path, spoil: Callable[[Path, list[str]], None]) -> list[str]:
    """Arguments of a server that would start, but for one thing."""
    static = write_static_site(folder / "static")
    arguments = ["--listen", "127.0.0.1:0", "--data", str(folder / "data")]
    arguments += ["--static", str(static)]
    spoil(folder, arguments)
    return arguments


@pytest.mark.parametrize(
    ("spoil", "phrase"),
    [
        (_unbuilt, "Run `make build`"),
        (_damaged_data, "coordinator.db cannot be used"),
        (_damaged_certificate, "cert.pem"),
    ],
)
def test_what_cannot_work_is_refused_in_plain_text(
    tmp_path: Path, spoil: Callable[[Path, list[str]], None], phrase: str
) -> None:
    ended = _run(*_spoiled(tmp_path, spoil))
    assert (ended.returncode, phrase in ended.stderr, "Traceback" in ended.stderr) == (
        1,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("spoil", "phrase"),
    [
        (_certificate_alone, "Give both --tls-cert and --tls-key"),
        (_turn_alone, "--turn-secret-file"),
        (_empty_secret, "holds no secret"),
        (_no_port, "is not an address to listen on"),
        (_no_proxy, "'nobody' is not an address or a network"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path, list[str]], None],
    phrase: str,
) -> None:
    status = main(["server", *_spoiled(tmp_path, spoil)])
    assert (status, phrase in capsys.readouterr().err) == (2, True)


def test_a_port_that_is_taken_is_refused_in_plain_text(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = _run("--listen", listen, "--data", str(tmp_path))
    assert (ended.returncode, f"Cannot listen on {listen}" in ended.stderr) == (1, True)


def test_an_option_can_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("P2CLAW_TRUSTED_PROXIES", "127.0.0.1 nobody")
    status = main(["server"])
    assert (status, "'nobody'" in capsys.readouterr().err) == (2, True)


def test_the_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    main(["server", "--help"])
    assert "p2claw server --listen :443 --parent example.org" in capsys.readouterr().out


async def test_it_prints_as_json_where_it_listens(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        assert server.facts == {
            "listen": f"127.0.0.1:{server.port}",
            "url": f"http://127.0.0.1:{server.port}",
            "apps": f"http://<app>-<alias>.localhost:{server.port}/",
            "parent": "localhost",
            "data": str(tmp_path / "server"),
            "store": None,
            "bus": None,
            "node_listen": None,
            "metrics": None,
        }


async def test_behind_a_proxy_with_https_urls_have_its_port(tmp_path: Path) -> None:
    async with server_process(tmp_path, "--scheme", "https", "--parent", "Example.org.") as server:
        assert server.facts["apps"] == "https://<app>-<alias>.example.org/"


async def test_with_a_certificate_it_serves_https(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path, "x")
    arguments = ("--tls-cert", str(cert), "--tls-key", str(key))
    async with server_process(tmp_path, *arguments) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_well(tmp_path: Path, number: signal.Signals) -> None:
    async with server_process(tmp_path) as server:
        assert await server.stop(number) == 0


async def test_a_hangup_does_not_end_it(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        os.kill(server.pid, signal.SIGHUP)
        await asyncio.wait_for(
            (await asyncio.open_connection("127.0.0.1", server.port))[0].read(0), WAIT_S
        )
        assert await server.stop() == 0


async def test_its_log_can_be_json_lines(tmp_path: Path) -> None:
    async with server_process(tmp_path, "--log-format", "json") as server:
        await server.stop()
    events = [json.loads(line)["event"] for line in server.log_text().splitlines()]
    assert events == ["listening", "going down", "stopped"]
