"""HTTP for the operator, on a unix socket beside the database: see `coord.operator`.

Requests and responses are JSON. Whoever may connect is the user who runs the server, and root.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web

from p2claw.agent.local.json_api import guard, parse, serving
from p2claw.agent.local.unix_socket import local_socket
from p2claw.agent.upstream.address import UNIX_PATH_BYTES
from p2claw.coord.operator import Operator
from p2claw.errors import P2clawError, RefusedError, UsageError
from p2claw.log import get_log
from p2claw.metrics import PATH as METRICS_PATH
from p2claw.metrics import Metrics
from p2claw.units import KIB

log = get_log("server")

REQUEST_BYTES = 16 * KIB
SHUTDOWN_S = 1.0

_NOT_FOUND = frozenset({"box-unknown", "box-not-banned", "invitation-unknown"})


@contextlib.asynccontextmanager
async def operator_api(operator: Operator, metrics: Metrics, path: Path) -> AsyncIterator[None]:
    """Serve at path while the block runs. A path that is too long for a socket is logged."""
    if len(os.fsencode(path)) > UNIX_PATH_BYTES:
        log.warning("operator socket left out", path=path, most_bytes=UNIX_PATH_BYTES)
        yield
        return
    application = _application(operator)
    application.router.add_get(METRICS_PATH, metrics.respond)
    with local_socket(path) as listening:
        async with serving(application, listening, shutdown_s=SHUTDOWN_S):
            yield


def _application(operator: Operator) -> web.Application:
    async def boxes(_: web.Request) -> web.Response:
        return web.json_response(await operator.boxes())

    async def ban(request: web.Request) -> web.Response:
        reason = str((await _document(request)).get("reason", ""))
        return web.json_response(await operator.ban(request.match_info["box"], reason))

    async def unban(request: web.Request) -> web.Response:
        return web.json_response(await operator.unban(request.match_info["box"]))

    async def quota(request: web.Request) -> web.Response:
        change = await _document(request)
        return web.json_response(await operator.quota(request.match_info["box"], change))

    async def invitations(_: web.Request) -> web.Response:
        return web.json_response(await operator.invitations())

    async def invite(request: web.Request) -> web.Response:
        asked = await _document(request)
        uses, lasts_s = asked.get("uses", 1), asked.get("lasts_s")
        if type(uses) is not int or type(lasts_s) not in (int, type(None)):
            raise UsageError("uses and lasts_s are numbers", code="request-invalid")
        made = await operator.invite(str(asked.get("name", "")), uses, lasts_s)
        return web.json_response(made)

    async def withdraw(request: web.Request) -> web.Response:
        return web.json_response(await operator.withdraw(int(request.match_info["id"])))

    application = web.Application(middlewares=[_guard], client_max_size=REQUEST_BYTES)
    router = application.router
    router.add_get("/v1/boxes", boxes)
    router.add_put("/v1/bans/{box}", ban)
    router.add_delete("/v1/bans/{box}", unban)
    router.add_put("/v1/quotas/{box}", quota)
    router.add_get("/v1/invitations", invitations)
    router.add_post("/v1/invitations", invite)
    router.add_delete(r"/v1/invitations/{id:\d{1,15}}", withdraw)
    return application


def _status_of(error: P2clawError) -> int:
    if error.code in _NOT_FOUND:
        return 404
    return 400 if isinstance(error, UsageError | RefusedError) else 500


def _log_fault(error: BaseException, request: web.Request) -> None:
    log.fault("operator api failed", error, method=request.method, path=request.path)


_guard = guard(
    program="server",
    log_fault=_log_fault,
    status_of=_status_of,
    stranger=("not-allowed", "This socket is for the user who runs the server"),
)


async def _document(request: web.Request) -> dict[str, Any]:
    found = parse(await request.read() or b"{}")
    if not isinstance(found, dict):
        raise UsageError("The request is no JSON object", code="request-invalid")
    return found
