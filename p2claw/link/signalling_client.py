"""The HTTP client that opens WebSockets to a coordinator. It follows no redirect.

Who owns a URL names the server in it. A server that sends visitors on would choose another one for
them, perhaps without TLS; browsers do not follow either (the WebSocket API fails the connection).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import NoReturn

import aiohttp

from p2claw.link.localhost import LocalhostResolver


def signalling_client() -> aiohttp.ClientSession:
    """A client whose `ws_connect` raises WSServerHandshakeError at a redirect."""
    traces = aiohttp.TraceConfig()
    traces.on_request_redirect.append(_refuse)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=LocalhostResolver()), trace_configs=[traces]
    )


async def _refuse(
    _client: aiohttp.ClientSession,
    _context: SimpleNamespace,
    request: aiohttp.TraceRequestRedirectParams,
) -> NoReturn:
    response = request.response
    raise aiohttp.WSServerHandshakeError(
        response.request_info,
        response.history,
        status=response.status,
        message=f"redirected to {response.headers.get('Location', 'nowhere')}, not followed",
        headers=response.headers,
    )
