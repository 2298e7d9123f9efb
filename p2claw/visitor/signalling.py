"""Opens a link by one WebSocket to the coordinator, from `introduced` to an open channel.

The messages and their order are those of docs/WIRE.md §12. Keys are checked in `proof.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import aiohttp

from p2claw.errors import LinkError, RefusedError, RemoteProtocolError
from p2claw.link.channel import Channel
from p2claw.link.kept_clock import is_clock_kept
from p2claw.link.signalling_client import signalling_client
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.log import get_log
from p2claw.visitor.app_url import AppUrl, parse_app_url
from p2claw.visitor.dial_memory import DialMemory
from p2claw.visitor.dialling import Reached, first_of
from p2claw.visitor.pins import PinStore
from p2claw.visitor.proof import check_answer, check_descriptor, check_key
from p2claw.wire.signalling import (
    MESSAGE_BYTES,
    Apps,
    DialOffered,
    Introduced,
    VisitAnswer,
    VisitCandidate,
    VisitEnd,
    VisitError,
    VisitMessage,
    VisitOffer,
    decode_visit,
    encode_visit,
)
from p2claw.wire.signalling.dialling import Descriptor

log = get_log("visitor")

# From the first packet to an open channel; also what a person waits at most.
# The slowest path, a relay over TLS behind two lost packets, takes some five seconds.
OPEN_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 1.0

# Of a library's text, or of what a server sent.
MOST_QUOTED = 160

# For the coordinator's Close: nothing depends on it, and it is a round trip away.
GOODBYE_S = 0.001

# So long a dial has for itself before the offer is sent too: two round trips, of which the way to
# `introduced` has two (TCP, and the upgrade) or with TLS 1.3 three; and this at most.
DIAL_PATIENCE_S = 0.3
DIAL_LEAST_S = 0.05

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


@dataclass(frozen=True, slots=True)
class Opened:
    """A link whose channel is open, to a box that has proved its key.

    dial: how the box is dialled, as it was handed out last.
    """

    peer: VisitorPeer
    channel: Channel
    peer_id: str
    dial: DialOffered | None


async def open_channel(
    address: AppUrl,
    pins: PinStore | None,
    *,
    place: int | None = None,
    tried: DialOffered | None = None,
    is_hurried: bool = False,
) -> Opened:
    """Be introduced to the box and open a channel to it, within OPEN_TIMEOUT_S.

    How the box was dialled is remembered beside the pins. place: where in the box the session is
    that the link may carry on. tried: how it is being dialled already, which is not done twice.
    is_hurried: a session waits for the link.

    Raises RefusedError with a code of docs/WIRE.md §12, LinkError `wrong-key`, `link-timeout`,
    `edge-unreachable` and those of the peer.
    """
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    deadline = begun_s + OPEN_TIMEOUT_S
    async with _session(address, deadline) as socket:
        introduced = await socket.next()
        introduced_s = loop.time()
        if not isinstance(introduced, Introduced):
            raise RemoteProtocolError(f"the coordinator began with {type(introduced).__name__}")
        check_key(address, introduced.peer_id, pins)
        is_dialled = place is None and introduced.dial != tried
        dialled = _to_dial(address, introduced) if is_dialled else None
        memory = DialMemory(address.host, pins)
        if dialled is not None and memory.is_dead(dialled):
            log.debug("not dialled", host=address.host)
            dialled = None

        async def offer() -> Reached:
            return await _offer(socket, address, introduced, deadline, place, is_hurried=is_hurried)

        if dialled is None:
            peer, channel = await offer()
        else:
            round_trip_s = (introduced_s - begun_s) / (3 if address.dial_tls else 2)
            patience_s = min(DIAL_PATIENCE_S, max(DIAL_LEAST_S, 2 * round_trip_s))
            unanswered = partial(memory.led_nowhere, dialled)
            peer, channel = await first_of(
                dialled, offer, patience_s=patience_s, unanswered=unanswered
            )
        socket.send(VisitEnd())
    if pins is not None:
        pins.add(address.host, introduced.peer_id)
    if introduced.dial is not None and dialled is not None and not memory.is_dead(dialled):
        memory.keep(introduced.dial)
    return Opened(peer, channel, introduced.peer_id, introduced.dial)


async def introduce(address: AppUrl) -> Introduced:
    """Be introduced to the box, and leave at once. Raises as `open_channel`."""
    deadline = asyncio.get_running_loop().time() + OPEN_TIMEOUT_S
    async with _session(address, deadline) as socket:
        introduced = await socket.next()
        if not isinstance(introduced, Introduced):
            raise RemoteProtocolError(f"the coordinator began with {type(introduced).__name__}")
        check_key(address, introduced.peer_id, None)
        socket.send(VisitEnd())
    return introduced


async def list_apps(url: str, *, edge: str | None = None) -> Apps:
    """What a box exposes, for the URL of its alias alone. Raises as `open_channel`."""
    address = parse_app_url(url, edge=edge)
    if address.app is not None:
        raise RefusedError(f"{address.host} is an app, not a box", code="app-named")
    deadline = asyncio.get_running_loop().time() + OPEN_TIMEOUT_S
    async with _session(address, deadline) as socket:
        apps = await socket.next()
    if not isinstance(apps, Apps):
        raise RemoteProtocolError(f"the coordinator responded with {type(apps).__name__}")
    return apps


def _to_dial(address: AppUrl, introduced: Introduced) -> Descriptor | None:
    """How the box is dialled, if it can be. Raises LinkError `wrong-key`."""
    if introduced.dial is None:
        return None
    try:
        return check_descriptor(address, introduced.peer_id, introduced.dial, now_s=time.time())
    except RemoteProtocolError as error:
        log.debug("descriptor dropped", error=error.message)  # of a newer box
        return None


async def _offer(
    socket: _Socket,
    address: AppUrl,
    introduced: Introduced,
    deadline: float,
    place: int | None,
    *,
    is_hurried: bool,
) -> Reached:
    peer = VisitorPeer(
        ice_servers=introduced.ice_servers,
        on_candidate=socket.send_candidate,
        is_hurried=is_hurried,
    )
    try:
        return peer, await _connect(socket, address, introduced, peer, deadline, place)
    except BaseException:
        await peer.close()
        raise


async def _connect(
    socket: _Socket,
    address: AppUrl,
    introduced: Introduced,
    peer: VisitorPeer,
    deadline: float,
    place: int | None,
) -> Channel:
    offer = await peer.offer()
    socket.send(VisitOffer(offer, place))
    loop = asyncio.get_running_loop()
    opening: asyncio.Task[Channel] | None = None
    receiving = loop.create_task(socket.next())
    try:
        while True:
            waiting = {task for task in (receiving, opening) if task is not None}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if opening is not None and opening.done():
                return opening.result()
            try:
                message = receiving.result()
            except (LinkError, RefusedError):
                # Once the answer is here, the link needs the coordinator no more.
                if opening is None:
                    raise
                return await opening
            if isinstance(message, VisitAnswer) and opening is None:
                check_answer(
                    address,
                    introduced.peer_id,
                    session=introduced.session,
                    offer=offer,
                    answer=message.sdp,
                    signature=message.signature,
                )
                await peer.accept(message.sdp)
                opening = loop.create_task(peer.channel(timeout_s=max(0.0, deadline - loop.time())))
            elif isinstance(message, VisitCandidate):
                peer.add_candidate(message.candidate, message.mid)
            receiving = loop.create_task(socket.next())
    finally:
        tasks = [task for task in (receiving, opening) if task is not None]
        for task in tasks:
            task.cancel()
        # Also of one that failed beside the other: nobody else asks how it ended.
        await asyncio.gather(*tasks, return_exceptions=True)


class _Socket:
    """The WebSocket to the coordinator: sends and receives messages, raises its errors."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, deadline: float) -> None:
        self._socket = socket
        self._deadline = deadline
        self._outbox: asyncio.Queue[VisitMessage | None] = asyncio.Queue()
        self._sending = asyncio.get_running_loop().create_task(self._send_all())

    def send(self, message: VisitMessage) -> None:
        """Queue a message; what is sent keeps its order."""
        self._outbox.put_nowait(message)

    def send_candidate(self, candidate: str, mid: str) -> None:
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
        if received.type is not aiohttp.WSMsgType.TEXT:
            raise LinkError(
                f"the coordinator closed the introduction ({self._socket.close_code})",
                hint="Try again in a few seconds: it may be restarting",
            )
        message = decode_visit(received.data)
        if isinstance(message, VisitError):
            raise _refused(message)
        return message if isinstance(message, VisitMessage) else None

    async def close(self) -> None:
        """Send what is queued, then close, within CLOSE_TIMEOUT_S."""
        self._outbox.put_nowait(None)
        await asyncio.wait([self._sending], timeout=CLOSE_TIMEOUT_S)
        self._sending.cancel()
        await self._socket.close()

    async def _send_all(self) -> None:
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            while (message := await self._outbox.get()) is not None:
                await self._socket.send_str(encode_visit(message))


@contextlib.asynccontextmanager
async def _session(address: AppUrl, deadline: float) -> AsyncIterator[_Socket]:
    async with signalling_client() as client:
        try:
            async with asyncio.timeout_at(deadline):
                websocket = await client.ws_connect(
                    address.visit_url,
                    headers={"Host": address.host},
                    server_hostname=address.hostname if address.dial_tls else None,
                    max_msg_size=MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE_S),
                )
        except TimeoutError:
            raise _unreachable(address, "no response") from None
        except aiohttp.WSServerHandshakeError as error:
            if error.status != 429:
                why = f"it responds {error.status} ({error.message}), and is no coordinator"
                raise _unreachable(address, why) from error
            refused = VisitError("rate-limited", "Too many visits from this address just now")
            raise _refused(refused) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise _of_certificate(address, error.certificate_error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _unreachable(address, str(error)) from error
        socket = _Socket(websocket, deadline)
        try:
            yield socket
        finally:
            await socket.close()


def _refused(error: VisitError) -> RefusedError:
    message = error.message or error.code.replace("-", " ")
    hint = _HINTS.get(error.code, "")
    return RefusedError(message.rstrip("."), code=error.code, hint=hint)


def _unreachable(address: AppUrl, why: str, hint: str = "") -> LinkError:
    # A library may add lines of what came over the wire.
    line = " ".join(why.split())[:MOST_QUOTED]
    return LinkError(
        f"nothing introduces visitors at {address.dial_host}:{address.dial_port}: {line}",
        code="edge-unreachable",
        hint=hint
        or "Check the URL; for a development edge name it with --edge http://127.0.0.1:8787",
    )


def _of_certificate(address: AppUrl, error: Exception) -> LinkError:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return _unreachable(address, str(error))
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
