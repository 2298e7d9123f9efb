"""HTTP for a box's own people, on a unix socket: what an agent does now, and what it exposes.

Requests and responses are JSON; errors are {"error": {"code", "message", "hint"}}. The agent does
what is asked; `unix_socket.py` decides who may connect.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from aiohttp import web

from p2claw.agent.local.json_api import guard, parse, serving
from p2claw.errors import P2clawError, UsageError
from p2claw.log import get_log
from p2claw.metrics import PATH as METRICS_PATH
from p2claw.metrics import Metrics
from p2claw.units import KIB

log = get_log("agent")

REQUEST_BYTES = 64 * KIB
SHUTDOWN_S = 1.0

# How often the state of a shared app is sent to the command that shares it; and how often until the
# app has its URL.
REPORT_S = 0.5
SOON_S = 0.1

Json = dict[str, Any]


class Reported(Protocol):
    """The state of the agent, as the local API reads it."""

    metrics: Metrics

    def status(self) -> Json: ...
    async def sessions(self) -> Json: ...
    def usage(self) -> Json: ...
    def routes(self) -> Json: ...


class Controlled(Protocol):
    """What the local API changes in the agent."""

    async def put_route(self, app: str, entry: object) -> Json: ...
    async def delete_route(self, app: str) -> Json: ...
    async def reload(self) -> Json: ...
    async def unshare(self, app: str) -> Json: ...
    async def claim(self, alias: str) -> Json: ...
    async def team(self) -> Json: ...
    async def add_member(self, peer_id: str) -> Json: ...
    async def remove_member(self, peer_id: str) -> Json: ...
    async def join_team(self, alias: str) -> Json: ...
    async def leave_team(self, alias: str) -> Json: ...
    async def invite(self, app: str, wish: object) -> Json: ...
    def invitations(self) -> Json: ...
    async def revoke(self, id: str) -> Json: ...
    def inside(self) -> Json: ...
    async def end_session(self, id: str) -> Json: ...
    async def hand_over(self) -> Json: ...
    def share(
        self, app: str, entry: object
    ) -> AbstractAsyncContextManager[Callable[[], Awaitable[Json]]]: ...


class KeyControlled(Protocol):
    """What the local API changes about the key of the box."""

    async def rotate(self) -> Json: ...
    async def name_backup(self, peer_id: str) -> Json: ...
    async def withdraw_backup(self) -> Json: ...


def local_api(
    state: Reported, apps: Controlled, keys: KeyControlled, listening: socket.socket
) -> AbstractAsyncContextManager[None]:
    """Serve on a listening unix socket while the block runs."""
    return serving(_application(state, apps, keys), listening, shutdown_s=SHUTDOWN_S)


def _application(state: Reported, apps: Controlled, keys: KeyControlled) -> web.Application:
    async def status(_: web.Request) -> web.Response:
        return web.json_response(state.status())

    async def sessions(_: web.Request) -> web.Response:
        return web.json_response(await state.sessions())

    async def usage(_: web.Request) -> web.Response:
        return web.json_response(state.usage())

    async def routes(_: web.Request) -> web.Response:
        return web.json_response(state.routes())

    async def put_route(request: web.Request) -> web.Response:
        entry = parse(await request.read())
        return web.json_response(await apps.put_route(request.match_info["app"], entry))

    async def delete_route(request: web.Request) -> web.Response:
        return web.json_response(await apps.delete_route(request.match_info["app"]))

    async def share(request: web.Request) -> web.StreamResponse:
        entry = parse(await request.read())
        async with apps.share(request.match_info["app"], entry) as facts:
            return await _report(request, facts)

    async def unshare(request: web.Request) -> web.Response:
        return web.json_response(await apps.unshare(request.match_info["app"]))

    async def claim(request: web.Request) -> web.Response:
        return web.json_response(await apps.claim(request.match_info["alias"]))

    async def team(_: web.Request) -> web.Response:
        return web.json_response(await apps.team())

    async def add_member(request: web.Request) -> web.Response:
        return web.json_response(await apps.add_member(request.match_info["peer_id"]))

    async def remove_member(request: web.Request) -> web.Response:
        return web.json_response(await apps.remove_member(request.match_info["peer_id"]))

    async def join_team(request: web.Request) -> web.Response:
        return web.json_response(await apps.join_team(request.match_info["alias"]))

    async def leave_team(request: web.Request) -> web.Response:
        return web.json_response(await apps.leave_team(request.match_info["alias"]))

    async def invite(request: web.Request) -> web.Response:
        wish = parse(await request.read())
        return web.json_response(await apps.invite(request.match_info["app"], wish))

    async def invitations(_: web.Request) -> web.Response:
        return web.json_response(apps.invitations())

    async def revoke(request: web.Request) -> web.Response:
        return web.json_response(await apps.revoke(request.match_info["id"]))

    async def inside(_: web.Request) -> web.Response:
        return web.json_response(apps.inside())

    async def end_session(request: web.Request) -> web.Response:
        return web.json_response(await apps.end_session(request.match_info["id"]))

    async def hand_over(_: web.Request) -> web.Response:
        return web.json_response(await apps.hand_over())

    async def rotate(_: web.Request) -> web.Response:
        return web.json_response(await keys.rotate())

    async def name_backup(request: web.Request) -> web.Response:
        return web.json_response(await keys.name_backup(request.match_info["peer_id"]))

    async def withdraw_backup(_: web.Request) -> web.Response:
        return web.json_response(await keys.withdraw_backup())

    async def reload(_: web.Request) -> web.Response:
        return web.json_response(await apps.reload())

    application = web.Application(middlewares=[_guard], client_max_size=REQUEST_BYTES)
    application.router.add_get(METRICS_PATH, state.metrics.respond)
    application.router.add_get("/v1/status", status)
    application.router.add_get("/v1/sessions", sessions)
    application.router.add_get("/v1/usage", usage)
    application.router.add_get("/v1/routes", routes)
    application.router.add_put("/v1/routes/{app}", put_route)
    application.router.add_delete("/v1/routes/{app}", delete_route)
    application.router.add_post("/v1/shares/{app}", share)
    application.router.add_delete("/v1/shares/{app}", unshare)
    application.router.add_put("/v1/aliases/{alias}", claim)
    application.router.add_get("/v1/team", team)
    application.router.add_put("/v1/team/{peer_id}", add_member)
    application.router.add_delete("/v1/team/{peer_id}", remove_member)
    application.router.add_put("/v1/teams/{alias}", join_team)
    application.router.add_delete("/v1/teams/{alias}", leave_team)
    application.router.add_get("/v1/invitations", invitations)
    application.router.add_post("/v1/invitations/{app}", invite)
    application.router.add_delete("/v1/invitations/{id}", revoke)
    application.router.add_get("/v1/access", inside)
    application.router.add_delete("/v1/access/{id}", end_session)
    application.router.add_post("/v1/handover", hand_over)
    application.router.add_post("/v1/reload", reload)
    application.router.add_post("/v1/identity/rotate", rotate)
    application.router.add_put("/v1/identity/backup/{peer_id}", name_backup)
    application.router.add_delete("/v1/identity/backup", withdraw_backup)
    return application


async def _report(request: web.Request, facts: Callable[[], Awaitable[Json]]) -> web.StreamResponse:
    """Send the state of a shared app, again and again, each as a line of JSON. It ends when the app
    is not exposed any more, or when the command has closed the connection."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        now = await facts()
        try:
            await response.write(json.dumps(now).encode() + b"\n")
        except ConnectionError:
            break
        if not now["exposed"]:
            break
        await asyncio.sleep(REPORT_S if now["url"] and now["online"] else SOON_S)
    return response


_STATUS = {
    "app-unknown": 404,
    "invitation-unknown": 404,
    "session-unknown": 404,
    "routes-locked": 409,
    "routes-damaged": 409,
    "routes-exposed": 409,
}


def _status_of(error: P2clawError) -> int:
    return _STATUS.get(error.code, 400) if isinstance(error, UsageError) else 500


def _log_fault(error: BaseException, request: web.Request) -> None:
    log.fault("local api failed", error, method=request.method, path=request.path)


_guard = guard(
    program="agent",
    log_fault=_log_fault,
    status_of=_status_of,
    stranger=("forbidden", "This agent belongs to another user"),
)
