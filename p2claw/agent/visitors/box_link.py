"""One link to one visitor, from its offer to its end.

WebRTC is in `link/box_peer.py`, frames are in `link/pump.py`; requests are handed to the proxy.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from functools import partial

from p2claw.agent.access.pages import LinkView
from p2claw.agent.http.fields import Visit
from p2claw.agent.visitors.facts import LinkFacts
from p2claw.agent.visitors.refusals import CHECKS, LINKS, Refusals, SessionRefusals
from p2claw.agent.visitors.relaying import RelayMeter
from p2claw.agent.visitors.traffic import Traffic
from p2claw.config import AgentLimits
from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.errors import LinkError, P2clawError, RemoteProtocolError
from p2claw.link.box_peer import BoxPeer
from p2claw.link.certificate import LinkCertificate
from p2claw.link.channel import Channel
from p2claw.link.dialling import Dialled
from p2claw.link.keeping import KeptPlaces
from p2claw.link.pump import Pump
from p2claw.link.stream import BoxStream
from p2claw.log import get_log
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.hello import Hello, Role
from p2claw.wire.frames.limits import ASKED_PATH_LIMITS
from p2claw.wire.session.events import ResumeAsked
from p2claw.wire.session.room import Room
from p2claw.wire.session.session import Session
from p2claw.wire.signalling import (
    AgentMessage,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    BoxOffer,
    Refuse,
)

log = get_log("agent")

# After `end` no more candidates come. Those that came may need this long to be checked.
AFTER_END_S = 10.0

ID_CHARS = 8
TOKEN_BYTES = 16

# From the first check of a visitor that dials to its open channel. If it takes longer, the check
# was forged, or too many packets were lost and the visitor has sent an offer meanwhile.
DIAL_OPEN_S = 5.0

Forward = Callable[[BoxStream, Visit, RelayMeter], Awaitable[None]]

# Signs the answer to an offer, which names the certificate of this fingerprint (docs/WIRE.md §10).
# Raises LinkError.
Sign = Callable[[BoxOffer, bytes], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class DialledLink:
    """A visitor's dial, instead of an offer. exposes: whether the box has an app of that name."""

    session: str
    dialled: Dialled
    exposes: Callable[[str], bool]


class BoxLink:
    """The link to one visitor; `run` is its whole life.

    visit: who visits which app. After a dial its app is "" until HELLO names one.

    places: for those of its requests that are kept. room: what windows of all links may grow by.
    place: the number of this process, if there are several. by_token: all links whose session
    another link may carry on. public: addresses and ports by which the box is reached, beside those
    of the machine itself. refusals: counts what the link has refused. traffic: where its bytes are
    counted.
    """

    def __init__(
        self,
        asked: BoxOffer | DialledLink,
        visit: Visit,
        *,
        sign: Sign,
        limits: AgentLimits,
        send: Callable[[AgentMessage], None],
        forward: Forward,
        places: KeptPlaces,
        port: UdpPort,
        certificate: LinkCertificate,
        place: int | None,
        by_token: MutableMapping[bytes, BoxLink],
        room: Room,
        public: tuple[tuple[str, int], ...] = (),
        refusals: Refusals | None = None,
        traffic: Traffic | None = None,
    ) -> None:
        self._refusals = refusals or Refusals()
        self._refused = SessionRefusals()
        self.visit = visit
        self._session = asked.session
        # Enough to distinguish links in a log. The whole id would let a reader of the log join in.
        self.id = asked.session[:ID_CHARS]
        self._meter = RelayMeter(traffic or Traffic(), self.id, self._view)
        # Dropped once the answer is sent: an open link does not need two kilobytes of description.
        self._asked: BoxOffer | DialledLink | None = asked
        self._exposes = asked.exposes if isinstance(asked, DialledLink) else None
        self._open_s = limits.link_open_s if isinstance(asked, BoxOffer) else DIAL_OPEN_S
        self._sign = sign
        self._limits = limits
        self._send = send
        self._forward = forward
        self._places = places
        self._begun_s = time.monotonic()
        self._timer: asyncio.Timeout | None = None
        self._pump: Pump | None = None
        self._place = place
        self._by_token = by_token
        self._room = room
        self._token = os.urandom(TOKEN_BYTES)
        self._closing: set[asyncio.Task[None]] = set()
        self._has_peer = True  # until it is another link's
        if isinstance(asked, DialledLink):
            self._peer = BoxPeer.of_dial(asked.dialled, port)
            self._watch_peer()
            return
        self._peer = BoxPeer(
            ice_servers=asked.ice_servers,
            on_candidate=self._on_candidate,
            port=port,
            certificate=certificate,
            public=public,
        )
        self._watch_peer()

    async def run(self) -> None:
        """Answer the offer, wait for the channel, serve requests until the link is lost.

        Returns without an error, whatever the visitor does; the reason is logged.
        """
        answered = False
        try:
            await self._answer()
            answered = True
            pump = await self._open()
            error = await pump.wait_closed()
            if pump.session.failed:
                self._refusals.count(LINKS, error.code)
            if self._has_peer:
                self._log_closed(error)
        except (RemoteProtocolError, LinkError) as error:
            self._give_up(answered, error.code, "protocol", error.message)
        except OSError as error:
            self._give_up(answered, "box-busy", "box-busy", f"The box has no socket left: {error}")
        finally:
            self._by_token.pop(self._token, None)
            self.note()
            if self._pump is not None:
                await self._pump.close()
                self._pump.session.close_room()
            if self._has_peer:
                await self._peer.close()
            if self._closing:
                await asyncio.wait(self._closing)

    def candidate(self, candidate: str, mid: str) -> None:
        """Add a candidate of the visitor."""
        self._peer.add_candidate(candidate, mid)

    def end(self) -> None:
        """The coordinator passes on nothing more, so the link must open soon or is given up."""
        if self._timer is not None and not self._timer.expired():
            soon_s = asyncio.get_running_loop().time() + AFTER_END_S
            when_s = self._timer.when()
            self._timer.reschedule(soon_s if when_s is None else min(when_s, soon_s))

    async def drain(self, timeout_s: float) -> None:
        """Refuse new requests, let open ones finish, then close. `run` returns after that."""
        if self._pump is not None:
            await self._pump.drain(timeout_s=timeout_s)

    def drain_no_longer(self) -> None:
        """Let `drain` end the link whatever is open on it."""
        if self._pump is not None:
            self._pump.drain_no_longer()

    @property
    def is_endless(self) -> bool:
        """Whether no request is open on it that would end by itself."""
        return self._pump is None or self._pump.is_endless

    @property
    def is_dialled(self) -> bool:
        """Whether it was begun by a dial, not by an offer."""
        return self._exposes is not None

    @property
    def is_open(self) -> bool:
        return self._pump is not None

    def silent_s(self, now: float) -> float:
        """For how long nothing has been received, or the link has not opened. now: the loop's
        time."""
        received_at = self._pump.session.received_at if self._pump is not None else None
        return time.monotonic() - self._begun_s if received_at is None else now - received_at

    def ask(self) -> None:
        """Ask whether the visitor is there; anything that it sends counts as a reply."""
        if self._pump is not None:
            self._pump.ping()

    @property
    def is_busy(self) -> bool:
        """Whether a request is open on it."""
        return self._pump is not None and bool(self._pump.session.streams)

    def note_traffic(self) -> None:
        """Count what has gone by which path, and end requests for which too much is relayed."""
        if self._pump is not None and self._has_peer and self.visit.app:
            counters = self._pump.session.counters
            path = self._peer.path()
            self._meter.note(self.visit.app, path, counters.bytes_in, counters.bytes_out)

    def note(self) -> None:
        """Count what this link has moved and refused until now."""
        self.note_traffic()
        if self._pump is not None:
            self._refused.note(self._pump.session.counters, self._refusals)

    def facts(self) -> LinkFacts:
        """As of now."""
        self.note_traffic()
        relayed_in, relayed_out = self._meter.relayed
        session = self._pump.session if self._pump is not None else None
        stats = self._peer.stats()
        if stats.plane is not None and self._has_peer and self.visit.app:
            plane = stats.plane
            self._meter.note_chunks(self.visit.app, plane["chunks_out"], plane["lost_chunks"])
        hello = session.peer_hello if session is not None else None
        return LinkFacts(
            id=self.id,
            app=self.visit.app,
            path=self._peer.path(),
            age_s=time.monotonic() - self._begun_s,
            streams=len(session.streams) if session is not None else 0,
            bytes_in=session.counters.bytes_in if session is not None else 0,
            bytes_out=session.counters.bytes_out if session is not None else 0,
            relayed_in=relayed_in,
            relayed_out=relayed_out,
            rtt_s=stats.rtt_s if session is not None else None,
            software=hello.software if hello is not None else "",
            plane={**stats.plane} if stats.plane is not None else {},
            udp={**stats.udp} if stats.udp is not None else {},
        )

    def _watch_peer(self) -> None:
        self._peer.on_path = self.note_traffic
        self._peer.on_check_dropped = partial(self._refusals.count, CHECKS, "rate")

    def _view(self) -> LinkView:
        """What its visitor may see of it."""
        facts = self.facts()
        moved = facts.bytes_in + facts.bytes_out
        return LinkView(facts.path, facts.rtt_s, moved, facts.relayed_in + facts.relayed_out)

    async def _answer(self) -> None:
        asked, self._asked = self._asked, None
        assert asked is not None
        if isinstance(asked, DialledLink):
            self._peer.accept_dial(asked.dialled)
            return
        # Signed first: candidates are sent as soon as there is an answer, and must follow it.
        signature = await self._sign(asked, self._peer.fingerprint)
        sdp = await self._peer.answer(asked.sdp)
        self._send(BoxAnswer(self._session, sdp, signature))

    async def _open(self) -> Pump:
        """Raises LinkError if the channel does not open in time."""
        try:
            async with asyncio.timeout(self._open_s) as self._timer:
                channel = await self._peer.channel(timeout_s=self._open_s)
        except TimeoutError:
            raise LinkError("The link did not open in time", code="link-timeout") from None
        finally:
            self._timer = None
        self._peer.belongs_to(self)
        session = Session(
            Role.BOX,
            limits=ASKED_PATH_LIMITS,
            token=self._token,
            place=self._place,
            room=self._room,
        )
        if (rtt_s := self._peer.stats().rtt_s) is not None:
            session.round_trip(rtt_s)
        pump = Pump(
            session,
            channel,
            handler=self._handle,
            places=self._places,
            is_prompt=True,
            admit=self._admit,
            resume=self._resume,
        )
        self._pump = pump
        self._by_token[self._token] = self
        pump.start()
        self._send(BoxEnd(self._session))
        log.info(
            "link open",
            session=self.id,
            app=self.visit.app,
            path=self._peer.path(),
            after_s=time.monotonic() - self._begun_s,
        )
        return pump

    def _handle(self, stream: BoxStream) -> Awaitable[None]:
        if not self._meter.is_direct:
            self.note_traffic()
        return self._forward(stream, self.visit, self._meter)

    def _admit(self, hello: Hello) -> Code | None:
        """Only the app of the offer is served on this link; of a dial, the one named here."""
        if self._exposes is not None and self._exposes(hello.app):
            self.visit = replace(self.visit, app=hello.app)
            log.info("link dialled", session=self.id, app=hello.app)
        return None if hello.app == self.visit.app else Code.APP_UNKNOWN

    def _resume(self, pump: Pump, asked: ResumeAsked) -> bool:
        """Hand our channel to the link of an earlier session, if the visitor asks to resume one."""
        earlier = self._by_token.get(asked.token)
        if earlier is None or earlier is self or earlier.visit.app != self.visit.app:
            return False
        self._has_peer = False
        earlier._go_on(self._peer, pump.hand_over(), asked.received)
        return True

    def _go_on(self, peer: BoxPeer, channel: Channel, received: int) -> None:
        """Go on with the session of this link over the peer and channel of another."""
        assert self._pump is not None
        self._peer.on_path = lambda: None
        closing = asyncio.get_running_loop().create_task(self._peer.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self._peer = peer
        self._watch_peer()
        peer.belongs_to(self)
        self.note_traffic()
        self._pump.adopt(channel, received)
        log.info("link resumed", session=self.id, app=self.visit.app, path=peer.path())

    def _give_up(self, answered: bool, why: str, refusal: str, message: str) -> None:
        """Log why the link did not open, and end the session at the coordinator.

        refusal: a code of docs/WIRE.md §12, if there was no answer.
        """
        log.info("link not opened", session=self.id, app=self.visit.app, code=why)
        refused = Refuse(self._session, refusal, message[:256])
        self._send(BoxEnd(self._session) if answered else refused)

    def _on_candidate(self, candidate: str, mid: str) -> None:
        self._send(BoxCandidate(self._session, candidate, mid))

    def _log_closed(self, error: P2clawError) -> None:
        facts = self.facts()
        relayed = facts.relayed_in + facts.relayed_out
        log.info(
            "link closed",
            session=self.id,
            app=facts.app,
            code=error.code,
            age_s=facts.age_s,
            bytes_in=facts.bytes_in,
            bytes_out=facts.bytes_out,
            **({"relayed": relayed} if relayed else {}),
        )
