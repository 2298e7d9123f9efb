"""Puts the edge into an aiohttp application: one handler for all requests that are not the
coordinator's.

It knows no apps, reads no bodies, and logs no requests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from p2claw.config import ServerConfig
from p2claw.edge import headers, texts
from p2claw.edge.bootstrap import Bootstrap, StaticFile, load_bootstrap
from p2claw.edge.kinds import ASSETS_PATH, Kind, host_name, kind_of
from p2claw.edge.landing import FIELDS, landing_page

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Edge:
    """Serves every request that is not the coordinator's."""

    def __init__(
        self,
        config: ServerConfig,
        bootstrap: Bootstrap,
        server_timing: Callable[[web.Request], Awaitable[str]],
    ) -> None:
        self._parent = config.parent
        self._scheme = config.scheme
        self._bootstrap = bootstrap
        self._server_timing = server_timing
        self._hashes = bootstrap.style_hashes, bootstrap.script_hashes
        self._example = example_url(config)
        self._landing = landing_page(
            config.parent, self._example, config.joining, config.operator, config.contact
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Respond to one request."""
        host = request.headers.get("Host", "")
        kind = kind_of(
            request.method,
            request.path,
            request.headers,
            parent=self._parent,
            host=host_name(host),
        )
        match kind:
            case Kind.SHELL:
                shell = headers.shell_headers(self._scheme, host.lower(), *self._hashes)
                shell["Server-Timing"] = await self._server_timing(request)
                return _file(request, self._bootstrap.shell, shell)
            case Kind.SIBLING:
                sibling = headers.sibling_headers(
                    self._scheme, host.lower(), self._parent, *self._hashes
                )
                return _file(request, self._bootstrap.shell, sibling)
            case Kind.OPAQUE:
                return web.Response(headers=headers.opaque_headers())
            case Kind.RESET:
                reset = self._bootstrap.reset
                return _file(request, reset, headers.reset_headers(self._bootstrap.reset_hashes))
            case Kind.LICENCES:
                return _file(request, self._bootstrap.licences, headers.licences_headers())
            case Kind.WORKER:
                return _file(request, self._bootstrap.worker, headers.worker_headers())
            case Kind.ASSET:
                asset = self._bootstrap.assets.get(request.path.removeprefix(ASSETS_PATH))
                if asset is None:
                    return _text(404, texts.NOT_FOUND)
                return _file(request, asset, headers.asset_headers())
            case Kind.METHOD:
                return _text(405, texts.METHOD, {"Allow": "GET, HEAD"})
            case Kind.FORM:
                page = _text(405, texts.FORM, {"Allow": "GET, HEAD"}, "text/html")
                page.force_close()  # whatever of the body is still to come is not wanted
                return page
            case Kind.FOREIGN_WORKER:
                return _text(404, texts.FOREIGN_WORKER)
            case Kind.ICON | Kind.NOT_FOUND:
                return _text(404, texts.NOT_FOUND)
            case Kind.EMBEDDED:
                return _text(200, "", content_type="text/html")
            case Kind.RESOURCE:
                return _text(503, texts.RESOURCE)
            case Kind.LANDING:
                return web.Response(
                    text=self._landing, content_type="text/html", charset="utf-8", headers=FIELDS
                )
            case Kind.MISDIRECTED:
                return _text(421, texts.misdirected(self._example))


def add_edge(
    app: web.Application,
    config: ServerConfig,
    server_timing: Callable[[web.Request], Awaitable[str]],
) -> Edge:
    """Add the edge; what was added to the application before comes first.

    server_timing: the value of this field with the shell's page, by the request for it.

    Raises UsageError `bootstrap-missing` or `bootstrap-damaged`.
    """
    edge = Edge(config, load_bootstrap(config.static_dir), server_timing)
    app.router.add_route("*", "/{path:.*}", edge.handle, expect_handler=_never_continue)
    return edge


def example_url(config: ServerConfig) -> str:
    """How the address of an app looks, for people."""
    port = config.listen_port if config.public_port is None else config.public_port
    suffix = "" if port == _DEFAULT_PORTS[config.scheme] else f":{port}"
    return f"{config.scheme}://<app>-<alias>.{config.parent}{suffix}/"


async def _never_continue(request: web.Request) -> None:
    """Do nothing for `Expect: 100-continue`: no body is wanted, and the final response follows."""


def _file(request: web.Request, file: StaticFile, fields: dict[str, str]) -> web.Response:
    coding = file.choose(request.headers.get("Accept-Encoding", ""))
    tag = f"{file.tag}-{coding}" if coding else file.tag
    fields = {**fields, "ETag": f'"{tag}"'}
    if any(known.value in (tag, "*") for known in request.if_none_match or ()):
        return web.Response(status=304, headers=fields)
    if coding:
        fields["Content-Encoding"] = coding
    fields["Content-Type"] = file.content_type
    return web.Response(body=file.bodies[coding], headers=fields)


def _text(
    status: int, text: str, more: dict[str, str] | None = None, content_type: str = "text/plain"
) -> web.Response:
    return web.Response(
        status=status,
        text=text,
        content_type=content_type,
        charset="utf-8",
        headers={**headers.refusal_headers(), **(more or {})},
    )
