"""The local API: what can be read and changed, by whom, and how it refuses."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw import __version__
from p2claw.agent.local.unix_socket import local_socket, may_ask
from p2claw.errors import UsageError
from tests.support.agent import RunningAgent, running_agent
from tests.support.server import RunningServer
from tests.support.upstreams import echo, upstream_of


@pytest.fixture
async def agent(tmp_path: Path, server: RunningServer) -> AsyncIterator[RunningAgent]:
    async with running_agent(tmp_path / "home", server, {"dog": "3000"}) as running:
        yield running


async def refused(
    agent: RunningAgent, method: str, path: str, body: object = None
) -> tuple[int, str]:
    status, document = await agent.api.ask(method, path, body)
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "message", "hint"}
    return status, document["error"]["code"]


async def test_the_status_shows_who_and_where_the_box_is(
    agent: RunningAgent, server: RunningServer
) -> None:
    status = await agent.api.get("/v1/status")
    assert status["version"] == __version__
    assert status["pid"] == os.getpid()
    assert len(status["peer_id"]) == 52
    assert status["alias"].isalnum()
    assert len(status["key_alias"]) == 26
    assert status["coordinator"]["url"] == server.url
    assert status["coordinator"]["state"] == "online"
    assert status["coordinator"]["last_error"] == ""
    assert status["coordinator"]["since_s"] >= 0
    assert status["links"] == 0
    assert status["data_plane"] == {"records": "own", "trouble": ""}
    assert status["codec"] in ("fastframe", "pyframe")
    assert status["uptime_s"] >= 0


async def test_without_workers_the_agent_itself_is_the_only_one(agent: RunningAgent) -> None:
    (worker,) = (await agent.api.get("/v1/status"))["workers"]
    own = {"number", "pid", "links", "uptime_s", "restarts", "udp_port", "is_port_open"}
    assert worker.keys() == own | {"cpu_percent"}
    assert worker["cpu_percent"] is None
    assert (worker["number"], worker["links"], worker["restarts"]) == (0, 0, 0)
    assert worker["pid"] == os.getpid()


async def test_the_status_lists_the_apps_with_their_urls(
    agent: RunningAgent, server: RunningServer
) -> None:
    status = await agent.api.get("/v1/status")
    (app,) = status["apps"]
    assert (app["app"], app["upstream"]) == ("dog", "http://localhost:3000")
    assert app["url"] == f"http://dog-{status['alias']}.localhost:{server.port}/"
    assert app["key_url"] == f"http://dog-{status['key_alias']}.localhost:{server.port}/"


async def test_before_the_box_is_registered_it_has_no_name(tmp_path: Path) -> None:
    class Nowhere:
        url = "http://127.0.0.1:1"

    running = running_agent(tmp_path, Nowhere(), {"dog": "3000"}, online=False)  # type: ignore[arg-type]
    async with running as agent:
        status = await agent.api.get("/v1/status")
        assert (status["alias"], status["apps"][0]["url"]) == (None, None)
        assert status["coordinator"]["state"] in ("connecting", "offline")


async def test_routes_are_listed_by_name(agent: RunningAgent) -> None:
    await agent.api.expose("cat", "unix:/cat.sock", preserve_host=True)
    routes = (await agent.api.get("/v1/routes"))["routes"]
    assert [(route["app"], route["preserve_host"]) for route in routes] == [
        ("cat", True),
        ("dog", False),
    ]


async def test_an_exposed_app_is_in_the_file(agent: RunningAgent) -> None:
    await agent.api.expose("cat", "4000")
    assert '"cat"' in agent.config.routes_path.read_text()


async def test_an_unexposed_app_is_gone(agent: RunningAgent) -> None:
    assert await agent.api.ask("DELETE", "/v1/routes/dog") == (200, {"app": "dog"})
    assert await agent.api.get("/v1/routes") == {"routes": []}


@pytest.mark.parametrize(
    ("app", "entry", "response"),
    [
        ("Dog", {"upstream": "3000"}, (400, "app-name-invalid")),
        ("admin", {"upstream": "3000"}, (400, "app-name-reserved")),
        ("cat", {"upstream": "http://example.com"}, (400, "upstream-not-loopback")),
        ("cat", {"upstream": "nonsense nonsense"}, (400, "upstream-invalid")),
        ("cat", {"upstream": 3000}, (400, "route-invalid")),
        ("cat", {"upstream": "3000", "colour": "red"}, (400, "route-invalid")),
        ("cat", [], (400, "route-invalid")),
        ("cat", b"{", (400, "request-invalid")),
        ("cat", b"[" * 60_000, (400, "request-invalid")),
        ("cat", b" " * 70_000, (413, "request-entity-too-large")),
    ],
)
async def test_a_route_that_breaks_a_rule_is_refused(
    agent: RunningAgent, app: str, entry: object, response: tuple[int, str]
) -> None:
    assert await refused(agent, "PUT", f"/v1/routes/{app}", entry) == response
    assert len((await agent.api.get("/v1/routes"))["routes"]) == 1


async def test_unexposing_what_is_not_there_is_refused(agent: RunningAgent) -> None:
    assert await refused(agent, "DELETE", "/v1/routes/cat") == (404, "app-unknown")


async def test_a_path_that_is_not_there_is_refused_in_the_same_form(agent: RunningAgent) -> None:
    assert await refused(agent, "GET", "/v1/nothing") == (404, "not-found")


async def test_a_method_that_is_not_there_is_refused_in_the_same_form(agent: RunningAgent) -> None:
    assert await refused(agent, "POST", "/v1/status") == (405, "method-not-allowed")


async def test_routes_that_were_edited_are_loaded_on_reload(agent: RunningAgent) -> None:
    agent.config.routes_path.write_text('{"version": 1, "routes": {"cat": {"upstream": "1"}}}')
    assert await agent.api.ask("POST", "/v1/reload") == (200, {"apps": 1})
    assert [route["app"] for route in (await agent.api.get("/v1/routes"))["routes"]] == ["cat"]


async def test_damaged_routes_are_refused_and_change_nothing(agent: RunningAgent) -> None:
    agent.config.routes_path.write_text("{")
    assert await refused(agent, "POST", "/v1/reload") == (409, "routes-damaged")
    assert [route["app"] for route in (await agent.api.get("/v1/routes"))["routes"]] == ["dog"]


async def test_a_mistake_of_ours_is_reported_without_its_details(
    agent: RunningAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(agent.agent.state, "sessions", mistaken)
    status, document = await agent.api.ask("GET", "/v1/sessions")
    assert (status, document["error"]["code"]) == (500, "internal")
    assert "secret" not in str(document)


async def test_a_session_is_listed_while_its_link_is_open(agent: RunningAgent) -> None:
    async with upstream_of(echo) as upstream:
        await agent.api.expose("dog", upstream.url)
        async with await agent.visit() as visitor:
            await (await visitor.request("POST", "/", body=b"x" * 50_000)).body()
            (session,) = (await agent.api.get("/v1/sessions"))["sessions"]
    assert (session["app"], session["path"], session["streams"]) == ("dog", "direct", 0)
    assert session["bytes_in"] > 50_000
    assert session["bytes_out"] > 50_000
    assert session["software"].startswith("p2claw")
    assert session["age_s"] >= 0
    assert len(session["id"]) == 8
    assert session["worker"] == 0


async def test_the_socket_is_for_its_owner_alone(agent: RunningAgent) -> None:
    assert stat.S_IMODE(agent.config.socket_path.stat().st_mode) == 0o600


async def test_the_socket_is_removed_at_the_end(tmp_path: Path, server: RunningServer) -> None:
    async with running_agent(tmp_path / "other", server) as agent:
        assert agent.config.socket_path.exists()
    assert not agent.config.socket_path.exists()


def test_a_socket_that_a_dead_agent_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with local_socket(path) as listening:
        assert listening.getsockname() == str(path)


def test_a_home_whose_path_is_too_long_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 120) / "agent.sock"
    with pytest.raises(UsageError) as caught, local_socket(path):
        pass
    assert caught.value.code == "home-too-long"


_ASK_AS_NOBODY = """
import os, socket, sys
connection = socket.socket(socket.AF_UNIX)
os.setgid(65534); os.setuid(65534)
connection.connect(sys.argv[1])
connection.sendall(b"GET /v1/status HTTP/1.1\\r\\nHost: agent\\r\\nConnection: close\\r\\n\\r\\n")
print(connection.recv(20).decode().split()[1])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_somebody_else_is_refused_even_through_an_open_door(
    server: RunningServer,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        async with running_agent(Path(folder), server) as agent:
            agent.config.socket_path.chmod(0o666)
            asked = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-c", _ASK_AS_NOBODY, str(agent.config.socket_path)],
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
    assert asked.stdout.strip() == "403", asked.stderr


def test_a_peer_that_cannot_be_known_is_refused() -> None:
    with socket.socket(socket.AF_INET) as stranger:
        assert not may_ask(stranger)
    assert not may_ask(None)
