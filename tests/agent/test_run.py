"""`p2claw run` as a process: signals, and what it says when it cannot start."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import pytest

from p2claw.visitor.visitor import Visitor
from tests.support.agent import AgentProcess, agent_process, expose_before_start
from tests.support.server import RunningServer
from tests.support.upstreams import OK, Talk, until, upstream_of


async def refused(home: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and error code of an agent that does not start."""
    async with agent_process(home, "http://127.0.0.1:1", *arguments) as process:
        assert process.facts == {}
        status = await process.wait()
    # Another agent may write to the same log.
    (printed,) = [
        json.loads(line) for line in process.log.read_text().splitlines() if line[0] == "{"
    ]
    return status, printed["error"]["code"]


async def logged(process: AgentProcess, phrase: str) -> None:
    await until(lambda: phrase in process.log.read_text())


async def test_it_prints_where_it_can_be_asked(tmp_path: Path) -> None:
    async with agent_process(tmp_path, "http://127.0.0.1:1") as process:
        assert process.facts["socket"] == str(tmp_path / "agent.sock")
        assert process.facts["pid"] == process.pid
        assert len(process.facts["peer_id"]) == 52
        assert (await process.api.get("/v1/status"))["peer_id"] == process.facts["peer_id"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_and_leaves_no_socket(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with agent_process(tmp_path, "http://127.0.0.1:1") as process:
        process.signal(number)
        assert await process.wait() == 0
    assert not (tmp_path / "agent.sock").exists()


async def test_sighup_reads_the_routes_again_and_keeps_the_links(
    tmp_path: Path, server: RunningServer
) -> None:
    async def numbered(talk: Talk) -> None:
        while await talk.request():
            await talk.respond(b"hello")

    home = tmp_path / "home"
    async with upstream_of(numbered) as upstream:
        expose_before_start(home, {"dog": upstream.url})
        async with agent_process(home, server.url) as process:
            await process.api.online()
            url = (await process.api.get("/v1/status"))["apps"][0]["url"]
            async with await Visitor.open(url, edge=server.url) as visitor:
                await (await visitor.request("GET", "/")).body()
                expose_before_start(home, {"cat": upstream.url})
                process.signal(signal.SIGHUP)
                await logged(process, "routes reloaded apps=2")
                assert await (await visitor.request("GET", "/")).body() == b"hello"
                assert len((await process.api.get("/v1/sessions"))["sessions"]) == 1


async def test_sighup_with_damaged_routes_changes_nothing(tmp_path: Path) -> None:
    expose_before_start(tmp_path, {"dog": "3000"})
    async with agent_process(tmp_path, "http://127.0.0.1:1") as process:
        (tmp_path / "routes.json").write_text("{")
        process.signal(signal.SIGHUP)
        await logged(process, "routes not reloaded code=routes-damaged")
        assert len((await process.api.get("/v1/routes"))["routes"]) == 1


async def test_a_second_signal_does_not_wait_for_open_requests(
    tmp_path: Path, server: RunningServer
) -> None:
    async def endless(talk: Talk) -> None:
        await talk.head()
        await talk.send(OK + b"Content-Length: 5\r\n\r\nhel")
        await talk.until_closed()

    home = tmp_path / "home"
    async with upstream_of(endless) as upstream:
        expose_before_start(home, {"dog": upstream.url})
        async with agent_process(home, server.url) as process:
            await process.api.online()
            url = (await process.api.get("/v1/status"))["apps"][0]["url"]
            visitor = await Visitor.open(url, edge=server.url)
            await visitor.request("GET", "/")
            process.signal(signal.SIGTERM)
            await logged(process, "agent drains links=1")
            process.signal(signal.SIGTERM)
            assert await process.wait() == 0
            await visitor.close()
            await upstream.has_ended()


async def test_a_second_agent_of_one_home_is_refused(tmp_path: Path) -> None:
    async with agent_process(tmp_path, "http://127.0.0.1:1"):
        assert (await refused(tmp_path))[1] == "agent-running"


async def test_a_damaged_key_keeps_it_from_starting(tmp_path: Path) -> None:
    key = tmp_path / "identity.key"
    key.touch(0o600)
    assert await refused(tmp_path) == (1, "identity-damaged")
    assert key.read_bytes() == b""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--workers", "0"), "workers-invalid"),
        (("--workers", "65"), "workers-invalid"),
        (("--udp-port", "65536"), "udp-port-invalid"),
        (("--workers", "4", "--udp-port", "65536"), "udp-port-invalid"),
        (("--workers", "many"), "usage"),
    ],
)
async def test_options_that_cannot_be_are_refused(
    tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    assert await refused(tmp_path, *arguments) == (2, code)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_udp_port_that_is_taken_keeps_it_from_starting(
    tmp_path: Path, workers: str
) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("", 0))
        port = str(other.getsockname()[1])
        arguments = ("--udp-port", port, "--workers", workers)
        assert await refused(tmp_path, *arguments) == (2, "udp-port-taken")


async def test_damaged_routes_keep_it_from_starting(tmp_path: Path) -> None:
    routes = tmp_path / "routes.json"
    routes.touch(0o600)
    assert await refused(tmp_path) == (1, "routes-damaged")
