"""What runs on the hosts: coordinator, edge and coturn on the public one, a box behind a NAT."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from tests.lab.host import Host
from tests.lab.laboratory import SERVER_ADDRESS6, SERVER_ADDRESSES
from tests.support.agent import AgentProcess, agent_process
from tests.support.server import ServerProcess, server_process
from tests.support.turn import listening, turnserver

EDGE_PORT, TURN_PORT = 8787, 3478
SECRET = "laboratory"
ONLINE_S = 30

# Of what the app sends little by little.
PIECE_BYTES, PIECE_S = 20_000, 0.1


@dataclass(frozen=True, slots=True)
class Box:
    """One agent with one app. url: of the app. again: starts another agent with the same home."""

    agent: AgentProcess
    url: str
    again: Callable[[], AbstractAsyncContextManager[AgentProcess]]


@contextlib.asynccontextmanager
async def coordinator(
    server: Host, folder: Path, *further: str, relays: bool, stun: bool = True
) -> AsyncIterator[ServerProcess]:
    """Coordinator and edge on the public host, which names its STUN server, and its TURN server.

    further: options of the server.
    """
    secret = folder / "turn-secret"
    secret.write_text(SECRET)
    hosts = (SERVER_ADDRESSES[0], f"[{SERVER_ADDRESS6}]")
    options = ["--stun", f"stun:{hosts[0]}:{TURN_PORT}"] if stun else []
    for name in hosts:
        options += ["--name", f"{name}:{EDGE_PORT}"]
    if relays:
        # A deployment has one name with both families. Here are no names, so both are written.
        for transport in ("udp", "tcp"):
            for host in hosts:
                options += ["--turn", f"turn:{host}:{TURN_PORT}?transport={transport}"]
    if relays or "--relay" in further:
        options += ["--turn-secret-file", str(secret)]
    options += further
    running = server_process(folder, *options, listen=f":{EDGE_PORT}", built_bootstrap=True)
    async with server.hold(running) as process:
        yield process


@contextlib.asynccontextmanager
async def relay(folder: Path, *further: str) -> AsyncIterator[None]:
    """coturn by UDP and TCP, which also serves STUN. Run it on the laboratory's server.

    further: options of coturn.
    """
    addresses = (*SERVER_ADDRESSES[:1], SERVER_ADDRESS6)
    options = [f"--{kind}-ip={one}" for one in addresses for kind in ("listening", "relay")]
    process = turnserver(
        folder,
        *(*options, f"--listening-port={TURN_PORT}"),
        *("--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm", "p2claw.test"),
        *further,
    )
    async with process:
        await listening(SERVER_ADDRESSES[0], TURN_PORT)
        yield


@contextlib.asynccontextmanager
async def box(host: Host, folder: Path, *options: str) -> AsyncIterator[Box]:
    """An agent on a host, with the app `lab`, of which a visitor can know.

    options: further ones of `p2claw run`.
    """
    dials = SERVER_ADDRESSES[0] if "." in host.address else f"[{SERVER_ADDRESS6}]"

    def again() -> AbstractAsyncContextManager[AgentProcess]:
        return agent_process(folder, f"http://{dials}:{EDGE_PORT}", *options)

    async with host.hold(_app()) as upstream, host.hold(again()) as process:
        await process.api.expose("lab", upstream)
        await process.api.online()
        yield Box(process, await _known(process), again)


async def _known(agent: AgentProcess) -> str:
    """The URL of its app, once the coordinator knows of it."""
    async with asyncio.timeout(ONLINE_S):
        while True:
            for app in (await agent.api.get("/v1/status"))["apps"]:
                if app["url"]:
                    return str(app["url"])
            await asyncio.sleep(0.05)


def pattern(length_bytes: int) -> bytes:
    """What the app serves: no two places alike, so that anything lost or doubled is seen."""
    return hashlib.shake_128(b"laboratory").digest(length_bytes)


@contextlib.asynccontextmanager
async def _app() -> AsyncIterator[str]:
    """GET /N: N bytes of `pattern`. POST /: the SHA-256 of the body.

    GET /: a page. GET /numbers/N: that many lines, ten a second; /slow/N: that many pieces of
    `pattern`; /events/N: an event stream of that many, from the one after Last-Event-ID on.
    """

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(("/numbers/", "/slow/", "/events/")):
            return await _little_by_little(request)
        if request.path == "/" and request.method == "GET":
            return web.Response(text="<!doctype html><title>lab</title>", content_type="text/html")
        if request.method == "POST":
            digest = hashlib.sha256()
            async for piece in request.content.iter_any():
                digest.update(piece)
            return web.Response(text=digest.hexdigest())
        length = request.path[1:]
        if not length.isdecimal():
            return web.Response(status=404)
        return web.Response(body=pattern(int(length)))

    runner = web.ServerRunner(web.Server(serve), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _little_by_little(request: web.BaseRequest) -> web.StreamResponse:
    _, kind, count = request.path.split("/")
    if kind == "slow":
        return await _slowly(request, pattern(int(count) * PIECE_BYTES))
    if kind == "events":
        return await _events(request, int(count))
    response = web.StreamResponse()
    await response.prepare(request)
    for number in range(int(count)):
        await response.write(f"{number}\n".encode())
        await asyncio.sleep(PIECE_S)
    return response


async def _events(request: web.BaseRequest, count: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for number in range(int(request.headers.get("Last-Event-ID", -1)) + 1, count):
        await response.write(f"id: {number}\ndata: {number}\n\n".encode())
        await asyncio.sleep(PIECE_S)
    return response


async def _slowly(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """A file, or the end of it, in pieces."""
    first = request.http_range.start or 0
    fields = {"ETag": '"pattern"', "Content-Length": str(len(body) - first)}
    if first:
        fields["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
    response = web.StreamResponse(status=206 if first else 200, headers=fields)
    await response.prepare(request)
    for at in range(first, len(body), PIECE_BYTES):
        await response.write(body[at : at + PIECE_BYTES])
        await asyncio.sleep(PIECE_S)
    return response
