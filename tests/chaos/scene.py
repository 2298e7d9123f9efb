"""What a run of chaos has: coordinator, agent with workers and relay as processes, and an app."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientError, web

from tests.chaos.clock import Clock, built
from tests.e2e.apps.foreign import free_port
from tests.e2e.stack import Stack
from tests.support.turn import TURNSERVER

WORKERS = 2
SECRET = "a secret of this run alone"
FILE_BYTES = 1_500_000
FILE = random.Random(7).randbytes(FILE_BYTES)
FILE_SHA256 = hashlib.sha256(FILE).hexdigest()
EVENTS = 60
EVENT_S = 0.05
END_S = 10.0
# Of what visitors have sent, so many bodies are kept, to see how a wrong one differs.
KEPT_BODIES = 64


@dataclass
class Scene:
    """url: of the app. clocks: of agent and server, by their name. relay: coturn, if it runs.

    bodies: what the app was sent lately, by the digest with which it replied.
    """

    stack: Stack
    url: str
    turn_port: int
    clocks: dict[str, Clock]
    relay: Process | None = None
    bodies: dict[str, bytes] = field(default_factory=dict)

    async def start_relay(self) -> None:
        """A coturn whose credentials the server makes."""
        assert TURNSERVER is not None, "coturn is not installed: run `make test`"
        folder = self.stack.folder
        self.relay = await asyncio.create_subprocess_exec(
            *(TURNSERVER, "-c", "/dev/null", "--no-cli", "--no-tls", "--no-dtls"),
            *("--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers"),
            f"--listening-port={self.turn_port}",
            *("--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=p2claw.test"),
            *(f"--log-file={folder / 'turn.log'}", "--simple-log"),
            *(f"--pidfile={folder / 'turn.pid'}", f"--userdb={folder / 'turn.db'}"),
            stdout=DEVNULL,
            stderr=DEVNULL,
            start_new_session=True,
        )

    async def kill_relay(self) -> None:
        """End it as a crash would."""
        process, self.relay = self.relay, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def start_server(self) -> None:
        """Coordinator and edge, with the relay."""
        secret = self.stack.folder / "turn-secret"
        secret.write_text(SECRET)
        turn = f"turn:127.0.0.1:{self.turn_port}?transport=udp"
        await self.stack.start_server("--turn", turn, "--turn-secret-file", str(secret))

    async def start_agent(self) -> None:
        """An agent whose visitors are served by workers."""
        await self.stack.start_agent("--workers", str(WORKERS))

    async def start_what_ended(self) -> None:
        """Start server and agent again, if they are not running."""
        for name, start in (("server", self.start_server), ("agent", self.start_agent)):
            if not self.stack.is_running(name):
                await self.stack.end(name)
                await start()

    async def workers(self) -> list[int]:
        """The processes that serve visitors now; none if the agent does not report them."""
        with contextlib.suppress(OSError, ClientError, RuntimeError, TimeoutError):
            async with asyncio.timeout(2):
                status = await self.stack.ask("GET", "/v1/status")
                return [worker["pid"] for worker in status["workers"] if worker["pid"]]
        return []


@contextlib.asynccontextmanager
async def scene(folder: Path, *, clocks: bool) -> AsyncIterator[Scene]:
    """All of it, started, and ended again. clocks: whether they can be set."""
    made = Scene(Stack(folder, free_port()), "", free_port(), {})
    async with app(made.bodies) as upstream:
        if clocks:
            library = built(folder)
            for name in ("agent", "server"):
                made.clocks[name] = Clock(folder / f"{name}.clock", library)
        made.stack.environments |= {
            name: clock.environment() for name, clock in made.clocks.items()
        }
        try:
            await made.start_relay()
            await made.start_server()
            await made.start_agent()
            made.url = (await made.stack.expose("chaos", upstream)).url
            yield made
        finally:
            await made.stack.end_all()
            await made.kill_relay()


@contextlib.asynccontextmanager
async def app(bodies: dict[str, bytes]) -> AsyncIterator[str]:
    """The app that is visited; nothing is done to it. Its URL. bodies: the last it was sent."""

    async def file(_: web.Request) -> web.Response:
        return web.Response(body=FILE, headers={"ETag": f'"{FILE_SHA256}"'})

    async def upload(request: web.Request) -> web.Response:
        body = b"".join([piece async for piece in request.content.iter_any()])
        digest = hashlib.sha256(body).hexdigest()
        bodies[digest] = body
        if len(bodies) > KEPT_BODIES:
            del bodies[next(iter(bodies))]
        return web.Response(text=digest)

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(EVENTS):
            await response.write(f"data: {number}\n\n".encode())
            await asyncio.sleep(EVENT_S)
        return response

    application = web.Application(client_max_size=1 << 30)
    application.router.add_get("/file", file)
    application.router.add_post("/upload", upload)
    application.router.add_get("/events", events)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
