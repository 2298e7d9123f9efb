"""An agent that hands over to a new process, with a download under way: nothing of it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from p2claw.errors import P2clawError
from p2claw.visitor.visitor import Visitor
from tests.support.agent import AgentProcess, LocalApi, agent_process, expose_before_start
from tests.support.processes import alive
from tests.support.server import RunningServer
from tests.support.upstreams import OK, Talk, Upstream, until, upstream_of

PIECE = bytes(range(256)) * 256
PIECES = 8
WAIT_S = 60.0
# As long as all that the new process may take: the machine may be busy.
HANDOVER_S = 150.0

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def manager(tmp_path: Path) -> Any:
    """The socket of a service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(WAIT_S)
        yield listening


class Slow:
    """An app whose download goes on when it is told to."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()

    async def __call__(self, talk: Talk) -> None:
        head = await talk.head()
        assert head is not None
        if head.target != "/film":
            await talk.respond(b"short")
            return
        length = b"Content-Length: %d\r\n\r\n" % (PIECES * len(PIECE))
        await talk.send(OK + length + PIECE)
        await self.goes_on.wait()
        for _ in range(PIECES - 1):
            await talk.send(PIECE)


@contextlib.asynccontextmanager
async def box(
    tmp_path: Path, server: RunningServer, upstream: Upstream, *arguments: str, **environ: str
) -> AsyncIterator[tuple[AgentProcess, str]]:
    """An agent as a process, and the URL of its app; whatever runs from its home ends."""
    home = tmp_path / "home"
    expose_before_start(home, {"dog": upstream.url})
    api = LocalApi(home / "agent.sock")
    async with agent_process(home, server.url, *arguments, **environ) as agent:
        await api.online()
        try:
            yield agent, (await api.get("/v1/status"))["apps"][0]["url"]
        finally:
            with contextlib.suppress(OSError, AssertionError):
                pid = (await api.get("/v1/status"))["pid"]
                os.kill(pid, signal.SIGKILL)


def notified(manager: socket.socket) -> set[str]:
    """What the service manager has heard until a new main process is named."""
    heard: set[str] = set()
    while not any(one.startswith("MAINPID=") for one in heard):
        heard.add(manager.recv(200).decode())
    return heard


async def until_served_by_the_new(visitor: Visitor, new: LocalApi) -> None:
    """Ask for something until the new process has a session of this visitor."""
    async with asyncio.timeout(WAIT_S):
        while True:
            assert await (await visitor.request("GET", "/a")).body(100) == b"short"
            if (await new.get("/v1/sessions"))["sessions"]:
                return


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_download_ends_in_the_old_process_while_the_new_one_serves(
    tmp_path: Path, server: RunningServer, manager: socket.socket, workers: str
) -> None:
    slow = Slow()
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    async with (
        upstream_of(slow) as upstream,
        box(tmp_path, server, upstream, "--workers", workers, **environ) as (old, url),
        await Visitor.open(url, edge=server.url) as visitor,
    ):
        film = await visitor.request("GET", "/film")
        pieces = aiter(film)
        got = [await anext(pieces)]
        status, done = await old.api.ask("POST", "/v1/handover", deadline_s=HANDOVER_S)
        assert (status, done["links"], done["online"]) == (200, 1, True), done
        heard = await asyncio.to_thread(notified, manager)
        assert f"MAINPID={done['pid']}" in heard
        assert "STOPPING=1" not in heard
        # The new process is the agent of this home: it has the socket, and the lock.
        assert (await old.api.get("/v1/status"))["pid"] == done["pid"] != old.pid
        assert (old.home / "agent.lock").read_text().strip() == str(done["pid"])
        # The same visitor goes on: what is new goes to the new process once it has read GOAWAY.
        await until_served_by_the_new(visitor, old.api)
        assert alive(old.pid)
        slow.goes_on.set()
        got += [piece async for piece in pieces]
        whole = hashlib.sha256(b"".join(got)).digest()
        assert whole == hashlib.sha256(PIECE * PIECES).digest()
        assert await old.wait() == 0
        assert (await old.api.get("/v1/status"))["coordinator"]["state"] == "online"
        assert await (await visitor.request("GET", "/b")).body(100) == b"short"


async def test_who_is_put_out_later_is_out_in_the_old_process_too(
    tmp_path: Path, server: RunningServer, manager: socket.socket
) -> None:
    slow = Slow()
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    async with (
        upstream_of(slow) as upstream,
        box(tmp_path, server, upstream, **environ) as (old, url),
    ):
        entry = {"upstream": upstream.url, "guard": {}}
        await old.api.ask("PUT", "/v1/routes/dog", entry)
        wish = {"name": "ada", "uses": 1, "for_s": 3_600}
        _, made = await old.api.ask("POST", "/v1/invitations/dog", wish)
        async with await Visitor.open(url, edge=server.url) as visitor:
            target = f"/.p2claw/access/invitation?t={made['token']}"
            entered = await visitor.request("GET", target, fields=[("sec-fetch-dest", "document")])
            cookie = next(v for n, v in entered.fields if n == "set-cookie").partition(";")[0]
            film = await visitor.request("GET", "/film", fields=[("cookie", cookie)])
            pieces = aiter(film)
            await anext(pieces)
            status, done = await old.api.ask("POST", "/v1/handover", deadline_s=HANDOVER_S)
            assert status == 200, done
            (inside,) = (await old.api.get("/v1/access"))["sessions"]
            status, _ = await old.api.ask("DELETE", f"/v1/access/{inside['id']}")
            assert status == 200
            with pytest.raises(P2clawError):
                async with asyncio.timeout(WAIT_S):
                    while True:
                        await anext(pieces)
        assert await old.wait() == 0


async def test_a_new_process_that_cannot_start_changes_nothing(
    tmp_path: Path, server: RunningServer, manager: socket.socket
) -> None:
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    async with (
        upstream_of(Slow()) as upstream,
        box(tmp_path, server, upstream, **environ) as (agent, url),
    ):
        key = agent.home / "identity.key"
        key.chmod(0o644)
        status, refused = await agent.api.ask("POST", "/v1/handover", deadline_s=HANDOVER_S)
        assert (status, refused["error"]["code"]) == (400, "handover-failed")
        assert (await agent.api.get("/v1/status"))["pid"] == agent.pid
        async with await Visitor.open(url, edge=server.url) as visitor:
            assert await (await visitor.request("GET", "/a")).body(100) == b"short"
        key.chmod(0o600)
        status, done = await agent.api.ask("POST", "/v1/handover", deadline_s=HANDOVER_S)
        assert status == 200, done
        assert await agent.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "environ", "code"),
    [
        ((), {}, "handover-unsupervised"),
        (("--udp-port", "{port}"), {"NOTIFY_SOCKET": "{tmp}/notify"}, "handover-port"),
    ],
)
async def test_an_agent_that_cannot_hand_over_reports_why(
    tmp_path: Path,
    server: RunningServer,
    arguments: tuple[str, ...],
    environ: dict[str, str],
    code: str,
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    given = [argument.format(port=port) for argument in arguments]
    env = {name: value.format(tmp=tmp_path) for name, value in environ.items()}
    async with (
        upstream_of(Slow()) as upstream,
        box(tmp_path, server, upstream, *given, **env) as (agent, _),
    ):
        status, refused = await agent.api.ask("POST", "/v1/handover", deadline_s=HANDOVER_S)
        assert (status, refused["error"]["code"]) == (400, code)
        agent.signal(signal.SIGTERM)
        assert await agent.wait() == 0


async def test_what_drains_ends_soon_when_it_is_stopped(
    tmp_path: Path, server: RunningServer, manager: socket.socket
) -> None:
    """`systemctl stop` stops all processes of a unit: the old one too, within `drain_s`."""
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    async with (
        upstream_of(Slow()) as upstream,
        box(tmp_path, server, upstream, **environ) as (old, url),
        await Visitor.open(url, edge=server.url) as visitor,
    ):
        film = await visitor.request("GET", "/film")
        await anext(aiter(film))
        status, _ = await old.api.ask("POST", "/v1/handover", deadline_s=HANDOVER_S)
        assert status == 200
        await until(lambda: "agent drains" in old.log.read_text())
        old.signal(signal.SIGTERM)
        old.signal(signal.SIGTERM)
        assert await old.wait() == 0
        with contextlib.suppress(P2clawError):
            await film.close()
