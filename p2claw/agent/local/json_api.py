"""What the local APIs share: JSON over HTTP on a unix socket, for the user who runs the program."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Middleware

from p2claw.agent.local.unix_socket import may_ask
from p2claw.errors import P2clawError, UsageError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LogFault = Callable[[BaseException, web.Request], None]
StatusOf = Callable[[P2clawError], int]


@asynccontextmanager
async def serving(
    application: web.Application, listening: socket.socket, *, shutdown_s: float
) -> AsyncIterator[None]:
    """Serve on a listening unix socket while the block runs."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=shutdown_s)
    await runner.setup()
    assert runner.server is not None
    server = await asyncio.get_running_loop().create_unix_server(runner.server, sock=listening)
    try:
        yield
    finally:
        server.close()
        await runner.cleanup()


def guard(
    *, program: str, log_fault: LogFault, status_of: StatusOf, stranger: tuple[str, str]
) -> Middleware:
    """Middleware: lets only this user in, and gives every error the same form.

    program: `agent` or `server`. log_fault: logs a mistake of ours, with the request that met it.
    stranger: the code and the text for other users.
    """

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        transport = request.transport
        if transport is None or not may_ask(transport.get_extra_info("socket")):
            return _error(403, *stranger)
        try:
            return await handler(request)
        except P2clawError as error:
            return _error(status_of(error), error.code, error.message, error.hint)
        except web.HTTPException as error:
            code = error.reason.lower().replace(" ", "-")
            return _error(error.status, code, f"{request.method} {request.path}: {error.reason}")
        except Exception as error:
            log_fault(error, request)
            return _error(500, "internal", f"The {program} made a mistake; its log shows which")

    return guarded


def parse(content: bytes) -> object:
    """The document of a request. Raises UsageError `request-invalid`."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise UsageError("The request is not JSON", code="request-invalid") from None


def _error(status: int, code: str, message: str, hint: str = "") -> web.Response:
    error = {"code": code, "message": message, "hint": hint}
    return web.json_response({"error": error}, status=status)
