"""Opens a link by one WebSocket to the coordinator, from `introduced` to an open channel.

The messages and their order are those of docs/WIRE.md §12. Keys are checked in `proof.py`.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial

from p2claw.errors import LinkError, RefusedError, RemoteProtocolError
from p2claw.link.channel import Channel
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.log import get_log
from p2claw.visitor.app_url import AppUrl, parse_app_url
from p2claw.visitor.coordinator_socket import OPEN_TIMEOUT_S, CoordinatorSocket, coordinator_socket
from p2claw.visitor.dial_memory import DialMemory
from p2claw.visitor.dialling import Reached, first_of
from p2claw.visitor.near import Near
from p2claw.visitor.pins import PinStore
from p2claw.visitor.proof import check_answer, check_descriptor, check_key
from p2claw.wire.signalling import (
    Apps,
    DialOffered,
    Introduced,
    VisitAnswer,
    VisitCandidate,
    VisitEnd,
    VisitOffer,
)
from p2claw.wire.signalling.dialling import Descriptor

log = get_log("visitor")

# So long a dial has for itself before the offer is sent too: two round trips, of which the way to
# `introduced` has two (TCP, and the upgrade) or with TLS 1.3 three; and this at most.
DIAL_PATIENCE_S = 0.3
DIAL_LEAST_S = 0.05

# What a relay would have helped against.
_PATHLESS = frozenset({"path-not-found", "link-timeout"})
_NO_RELAY = "no direct path to the box was found, and its budget of relayed bytes is used up"
_NO_RELAY_HINT = "Another network may reach it directly; else wait until the budget begins anew"


@dataclass(frozen=True, slots=True)
class Opened:
    """A link whose channel is open, to a box that has proved its key.

    dial: how the box is dialled, as it was handed out last. introduced: by the coordinator; None:
    the box was dialled without it.
    """

    peer: VisitorPeer
    channel: Channel
    peer_id: str
    dial: DialOffered | None
    introduced: Introduced | None = None


class _Introduction:
    """Who is to answer: another box of a team, if the first one is silent.

    line: the key whose name it is, and those that it follows. peer: of the offer; None before it.
    """

    introduced: Introduced
    line: list[str]
    peer: VisitorPeer | None = None

    def __init__(self, address: AppUrl, pins: PinStore | None) -> None:
        self._address = address
        self._pins = pins

    def take(self, introduced: Introduced) -> None:
        """The newest counts. Raises LinkError `wrong-key`."""
        stated, peer_id = introduced.statements, introduced.peer_id
        self.line = check_key(self._address, peer_id, self._pins, stated, now_s=time.time())
        self.introduced = introduced


async def open_channel(
    address: AppUrl,
    pins: PinStore | None,
    *,
    place: int | None = None,
    box: str = "",
    tried: DialOffered | None = None,
    is_hurried: bool = False,
) -> Opened:
    """Be introduced to the box and open a channel to it, within OPEN_TIMEOUT_S.

    How the box was dialled is remembered beside the pins. place: where in the box the session is
    that the link may carry on; box: the peer id of that one. tried: how it is being dialled
    already, which is not done twice. is_hurried: a session waits for the link.

    Raises RefusedError with a code of docs/WIRE.md §12, LinkError `wrong-key`, `link-timeout`,
    `edge-unreachable` and those of the peer.
    """
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    deadline = begun_s + OPEN_TIMEOUT_S
    near = Near(address, pins).word
    async with coordinator_socket(address, deadline, box, near) as socket:
        introduced = await socket.next()
        introduced_s = loop.time()
        if not isinstance(introduced, Introduced):
            raise RemoteProtocolError(f"the coordinator began with {type(introduced).__name__}")
        introduction = _Introduction(address, pins)
        introduction.take(introduced)
        is_dialled = place is None and introduced.dial != tried
        dialled = _to_dial(address, introduced) if is_dialled else None
        memory = DialMemory(address.host, pins)
        if dialled is not None and memory.is_dead(dialled):
            log.debug("not dialled", host=address.host)
            dialled = None

        async def offer() -> Reached:
            return await _offer(
                socket, address, introduction, deadline, place, is_hurried=is_hurried
            )

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
        line = introduction.line
        pins.add(address.host, line[0], line[1:])
        pins.follow(address.host, line)
    if peer is introduction.peer:
        introduced = introduction.introduced
    if introduced.dial is not None and dialled is not None and not memory.is_dead(dialled):
        memory.keep(introduced.dial)
    return Opened(peer, channel, introduced.peer_id, introduced.dial, introduced)


async def introduce(address: AppUrl) -> Introduced:
    """Be introduced to the box, and leave at once. Raises as `open_channel`."""
    deadline = asyncio.get_running_loop().time() + OPEN_TIMEOUT_S
    async with coordinator_socket(address, deadline) as socket:
        introduced = await socket.next()
        if not isinstance(introduced, Introduced):
            raise RemoteProtocolError(f"the coordinator began with {type(introduced).__name__}")
        check_key(address, introduced.peer_id, None, introduced.statements, now_s=time.time())
        socket.send(VisitEnd())
    return introduced


async def list_apps(url: str, *, edge: str | None = None) -> Apps:
    """What a box exposes, for the URL of its alias alone. Raises as `open_channel`."""
    address = parse_app_url(url, edge=edge)
    if address.app is not None:
        raise RefusedError(f"{address.host} is an app, not a box", code="app-named")
    deadline = asyncio.get_running_loop().time() + OPEN_TIMEOUT_S
    async with coordinator_socket(address, deadline) as socket:
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
    socket: CoordinatorSocket,
    address: AppUrl,
    introduction: _Introduction,
    deadline: float,
    place: int | None,
    *,
    is_hurried: bool,
) -> Reached:
    peer = VisitorPeer(
        ice_servers=introduction.introduced.ice_servers,
        on_candidate=socket.send_candidate,
        is_hurried=is_hurried,
    )
    introduction.peer = peer
    try:
        return peer, await _connect(socket, address, introduction, peer, deadline, place)
    except LinkError as error:
        await peer.close()
        if introduction.introduced.relay and error.code in _PATHLESS:
            raise LinkError(_NO_RELAY, code="relay-budget", hint=_NO_RELAY_HINT) from None
        raise
    except BaseException:
        await peer.close()
        raise


async def _connect(
    socket: CoordinatorSocket,
    address: AppUrl,
    introduction: _Introduction,
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
                introduced = introduction.introduced
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
            elif isinstance(message, Introduced) and opening is None:
                introduction.take(message)
            elif isinstance(message, VisitCandidate):
                peer.add_candidate(message.candidate, message.mid)
            receiving = loop.create_task(socket.next())
    finally:
        tasks = [task for task in (receiving, opening) if task is not None]
        for task in tasks:
            task.cancel()
        # Also of one that failed beside the other: nobody else asks how it ended.
        await asyncio.gather(*tasks, return_exceptions=True)
