"""The WebSocket by which a coordinator introduces a visitor: its messages, and its faults in words.

The messages and their order are those of docs/WIRE.md §12.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from urllib.parse import quote, urlsplit

from p2claw.errors import LinkError, RefusedError
from p2claw.link.kept_clock import is_clock_kept
from p2claw.names import is_localhost
from p2claw.system_errors import reason_of
from p2claw.visitor.app_url import AppUrl
from p2claw.visitor.websocket import NoWebSocketError, WebSocket
from p2claw.wire.signalling import (
    MESSAGE_BYTES,
    VisitCandidate,
    VisitError,
    VisitMessage,
    decode_visit,
    encode_visit,
)

# From the first packet to an open channel; also what a person waits at most.
# The slowest path, a relay over TLS behind two lost packets, takes some five seconds.
OPEN_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 1.0

# Of a library's text, or of what a server sent.
MOST_QUOTED = 160

# For the coordinator's Close: nothing depends on it, and it is a round trip away.
GOODBYE_S = 0.001

# What to do about it, where there is something. Source of the codes: docs/WIRE.md §12.
_HINTS = {
    "alias-unknown": "Check the name in the URL",
    "box-offline": "Start the agent on the box with `p2claw run`, or try again later",
    "app-unknown": "Expose it on the box: `p2claw expose NAME PORT`",
    "rate-limited": "Wait a little, then try again",
    "box-busy": "Try again in a minute",
    "box-silent": "Try again; if it stays silent, look at the agent's log on the box",
    "version": "Install a newer p2claw",
    "going-down": "Try again in a few seconds",
}


class CoordinatorSocket:
    """The WebSocket to the coordinator: sends and receives messages, raises its errors.

    deadline: of the whole introduction, on the loop's clock.
    """

    def __init__(self, socket: WebSocket, deadline: float) -> None:
        self._socket = socket
        self._deadline = deadline
        self._outbox: asyncio.Queue[VisitMessage | None] = asyncio.Queue()
        self._sending = asyncio.get_running_loop().create_task(self._send_all())

    def send(self, message: VisitMessage) -> None:
        """Queue a message; what is sent keeps its order."""
        self._outbox.put_nowait(message)

    def send_candidate(self, candidate: str, mid: str) -> None:
        """Queue a candidate of ours; "" is their end."""
        self.send(VisitCandidate(candidate, mid))

    async def next(self) -> VisitMessage | None:
        """The next message; None for one of a kind that is not known.

        Raises RefusedError if it is an error, LinkError at the end of the socket.
        """
        try:
            async with asyncio.timeout_at(self._deadline):
                received = await self._socket.receive()
        except TimeoutError:
            raise LinkError(
                f"the coordinator did not respond within {OPEN_TIMEOUT_S:g} s",
                code="link-timeout",
                hint="Try again; if it stays so, the box or its coordinator hangs",
            ) from None
        if received is None:
            raise LinkError(
                f"the coordinator closed the introduction ({self._socket.close_code})",
                hint="Try again in a few seconds: it may be restarting",
            )
        message = decode_visit(received)
        if isinstance(message, VisitError):
            raise _refused(message)
        return message if isinstance(message, VisitMessage) else None

    async def close(self) -> None:
        """Send what is queued, then close, within CLOSE_TIMEOUT_S."""
        self._outbox.put_nowait(None)
        await asyncio.wait([self._sending], timeout=CLOSE_TIMEOUT_S)
        self._sending.cancel()
        await self._socket.close(GOODBYE_S)

    async def _send_all(self) -> None:
        with contextlib.suppress(ConnectionError):
            while (message := await self._outbox.get()) is not None:
                await self._socket.send(encode_visit(message))


@contextlib.asynccontextmanager
async def coordinator_socket(
    address: AppUrl, deadline: float, box: str = "", near: str = ""
) -> AsyncIterator[CoordinatorSocket]:
    """Connect to the coordinator of this URL, and close the connection at the end.

    box: the peer id of the box that the visitor wants to go on with, if several respond. near: what
    it has measured (`Near.word`).

    Raises LinkError `edge-unreachable`, RefusedError `rate-limited`.
    """
    url = urlsplit(address.visit_url)
    try:
        async with asyncio.timeout_at(deadline):
            websocket = await WebSocket.open(
                (address.dial_host, address.dial_port),
                host=address.host,
                target=f"{url.path}?{url.query}" + _query(box=box, near=near),
                tls=address.hostname if address.dial_tls else None,
                message_bytes=MESSAGE_BYTES,
            )
    except TimeoutError:
        raise _unreachable(address, "no response") from None
    except NoWebSocketError as error:
        if error.status == 429:
            refused = VisitError("rate-limited", "Too many visits from this address just now")
            raise _refused(refused) from error
        raise _unreachable(address, f"{error}, and is no coordinator") from error
    except OSError as error:
        raise _of_connection(address, error) from error
    socket = CoordinatorSocket(websocket, deadline)
    try:
        yield socket
    finally:
        await socket.close()


def _refused(error: VisitError) -> RefusedError:
    message = error.message or error.code.replace("-", " ")
    hint = _HINTS.get(error.code, "")
    return RefusedError(message.rstrip("."), code=error.code, hint=hint)


_HINT = "Check the URL, and the network of this machine"
_HINT_LOCAL = (
    "Check the URL and its port: the server that has the app must run on this machine; "
    "--edge http://127.0.0.1:8787 connects to a port that the URL does not have"
)


def _unreachable(address: AppUrl, why: str, hint: str = "") -> LinkError:
    # A library may add lines of what came over the wire.
    line = " ".join(why.split())[:MOST_QUOTED]
    return LinkError(
        f"Nothing introduces visitors at {address.dial_host}:{address.dial_port}: {line}",
        code="edge-unreachable",
        hint=hint or (_HINT_LOCAL if is_localhost(address.hostname) else _HINT),
    )


def _of_connection(address: AppUrl, error: OSError) -> LinkError:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return _unreachable(address, reason_of(error))
    # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED: by the clock of this machine.
    if error.verify_code not in (9, 10):
        hint = "Check the URL; the owner of the server has to see to its certificate"
    elif is_clock_kept():
        hint = "The clock of this machine is right: the server's certificate has to be renewed"
    else:
        hint = (
            f"Look at the clock of this machine first: it is at {time.strftime('%Y-%m-%d %H:%M')}"
        )
    return _unreachable(address, f"its certificate is not accepted: {error.verify_message}", hint)


def _query(**values: str) -> str:
    """What of it is given, behind the query of a URL."""
    return "".join(f"&{name}={quote(value)}" for name, value in values.items() if value)
