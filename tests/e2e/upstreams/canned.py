"""An app that gives, for each path, the very bytes that a test wrote down: for what no ordinary
HTTP server would send. Every other path is a plain page.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from tests.e2e.stack import Stack
from tests.support.upstreams import OK, Talk, Upstream, UpstreamRequest, upstream_of

# None: the connection is closed without a byte.
Response = bytes | None
Canned = Mapping[str, Response | Callable[[UpstreamRequest], Response]]

PAGE = b"<!doctype html><title>Canned</title><p>A plain page"


@dataclass(frozen=True, slots=True)
class CannedApp:
    """upstream: where it listens, as `expose` takes it. requests: what arrived."""

    server: Upstream

    @property
    def upstream(self) -> str:
        return self.server.url

    def asked_for(self, path: str) -> list[UpstreamRequest]:
        return [seen for seen in self.server.requests if seen.target.partition("?")[0] == path]


@dataclass(frozen=True, slots=True)
class CannedSite:
    """url: of the exposed app, without the slash at the end. app: what it is asked."""

    url: str
    app: CannedApp


def page(html: bytes = PAGE, *, fields: bytes = b"") -> bytes:
    """A whole response that is a page."""
    length = b"content-length: %d\r\n" % len(html)
    return OK + b"content-type: text/html; charset=utf-8\r\n" + fields + length + b"\r\n" + html


@contextlib.asynccontextmanager
async def canned_app(responses: Canned) -> AsyncIterator[CannedApp]:
    """Serve on a port of its own until the block ends. Connections are kept where it can be."""

    async def handle(talk: Talk) -> None:
        while request := await talk.request():
            response = responses.get(request.target.partition("?")[0], page())
            given = response(request) if callable(response) else response
            if given is None:
                return
            await talk.send(given)
            if b"connection: close" in given.partition(b"\r\n\r\n")[0].lower():
                return

    async with upstream_of(handle) as server:
        yield CannedApp(server)


@contextlib.asynccontextmanager
async def canned_site(stack: Stack, name: str, responses: Canned) -> AsyncIterator[CannedSite]:
    """The same, exposed under a name until the block ends."""
    async with canned_app(responses) as app:
        address = await stack.expose(name, app.upstream)
        yield CannedSite(address.url.rstrip("/"), app)
        await stack.unexpose(name)


def script(code: bytes) -> bytes:
    length = b"content-length: %d\r\n" % len(code)
    return OK + b"content-type: text/javascript\r\n" + length + b"\r\n" + code
