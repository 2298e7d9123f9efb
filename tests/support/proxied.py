"""A box and a visitor in one process, with a pipe between them: the proxy without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from p2claw.agent.access.question import Replies, nobody_enters
from p2claw.agent.folders.serving import Folders
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Route
from p2claw.agent.http.fields import Visit
from p2claw.agent.http.notices import Notice
from p2claw.agent.http.spool import SpoolSpace
from p2claw.agent.upstream.address import parse_upstream
from p2claw.agent.visitors.proxy import Proxy
from p2claw.config import AgentLimits
from p2claw.errors import StreamResetError
from p2claw.link.pump import Pump
from p2claw.link.stream import VisitorStream
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Role
from p2claw.wire.session.session import Session
from tests.support.pipe import PipeEnd, pipe

NAMES = PublicNames("http://{label}.localhost:8787", "purplecrab", "a" * 26)
VISIT = Visit("dog", NAMES, "203.0.113.0/24")

DEADLINE_S = 20.0

Fields = tuple[tuple[str, str], ...]


@dataclass
class Response:
    """A response, whole."""

    head: ResponseHead
    body: bytes
    trailers: Fields

    @property
    def status(self) -> int:
        return self.head.status

    @property
    def error(self) -> str:
        return self.head.error

    def value(self, name: str) -> str | None:
        return dict(self.head.fields).get(name)


@dataclass
class Proxied:
    """visitor: its pump. path: its end of the pipe. routes: of the box; a test may change them.

    notices: what the box noticed of the app.
    """

    visitor: Pump
    path: PipeEnd
    box: Pump
    proxy: Proxy
    routes: dict[str, Route]
    notices: list[Notice]

    def begin(
        self, method: str, target: str = "/", fields: Fields = (), *, end: bool = True
    ) -> VisitorStream:
        return self.visitor.open(RequestHead(method, target, fields), end=end)

    @asynccontextmanager
    async def another(self, network: str) -> AsyncIterator[Proxied]:
        """A further visitor, of this network."""
        async with _link(self.proxy, network) as (visitor, path, box):
            yield replace(self, visitor=visitor, path=path, box=box)

    async def ask(
        self, method: str, target: str = "/", fields: Fields = (), body: bytes | None = None
    ) -> Response:
        """One request and all of its response."""
        async with asyncio.timeout(DEADLINE_S):
            stream = self.begin(method, target, fields, end=body is None)
            sending = asyncio.create_task(send(stream, body)) if body is not None else None
            response = await whole(stream)
            if sending is not None:
                await sending
            return response


async def send(stream: VisitorStream, body: bytes) -> None:
    """Send a body in frames of the usual size, so far as it is wanted."""
    try:
        for start in range(0, max(len(body), 1), 16_376):
            piece = body[start : start + 16_376]
            await stream.write(piece, end=start + 16_376 >= len(body))
    except StreamResetError as error:
        if error.reset_code != Code.NO_ERROR:
            raise


async def whole(stream: VisitorStream) -> Response:
    """The rest of a response."""
    head = await stream.response()
    body = bytearray()
    while piece := await stream.read():
        body += piece
    return Response(head, bytes(body), stream.trailers)


@asynccontextmanager
async def proxied(
    upstream: str,
    tmp_path: Path,
    *,
    limits: AgentLimits | None = None,
    change: Callable[[Route], Route] = lambda route: route,
    ask: Replies = nobody_enters,
) -> AsyncIterator[Proxied]:
    """A box whose app `dog` is at upstream. change: what else its route says. ask: as of Proxy."""
    limits = limits or AgentLimits()
    limits = replace(limits, drain_s=1.0)
    route = change(Route("dog", parse_upstream(upstream)))
    routes = {"dog": route}
    notices: list[Notice] = []
    space = SpoolSpace(tmp_path / "spool", limits.spool)
    folders = Folders(tmp_path / "home")
    proxy = Proxy(routes.get, space, limits, notices.append, folders, ask=ask)
    try:
        async with _link(proxy, VISIT.visitor) as (visitor, path, box):
            yield Proxied(visitor, path, box, proxy, routes, notices)
    finally:
        proxy.close()


@asynccontextmanager
async def _link(proxy: Proxy, network: str) -> AsyncIterator[tuple[Pump, PipeEnd, Pump]]:
    """The visitor's pump, its end of the pipe, and the box's pump."""
    box_end, visitor_end = pipe()
    visit = replace(VISIT, visitor=network, reported=set())
    box = Pump(
        Session(Role.BOX),
        box_end,
        handler=lambda stream: proxy.forward(stream, visit),
        is_prompt=True,
    )
    visitor = Pump(Session(Role.VISITOR, app="dog"), visitor_end)
    box.start()
    visitor.start()
    try:
        await visitor.hello(timeout_s=DEADLINE_S)
        yield visitor, visitor_end, box
    finally:
        await visitor.close()
        await box.close()
