"""The visitors of a box in this process: it admits them, keeps their links, and proxies what they
ask for.

An agent without workers has one of these; each worker has one of its own. Which visitors are
admitted is decided in `admission.py`, one link is `box_link.py`, the requests on it `proxy.py`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from p2claw.agent.access.question import Replies, nobody_enters
from p2claw.agent.folders.serving import Folders
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Routes
from p2claw.agent.http.fields import Visit
from p2claw.agent.http.notices import Notice
from p2claw.agent.http.spool import SpoolSpace
from p2claw.agent.visitors.activity import Activity
from p2claw.agent.visitors.admission import Admission
from p2claw.agent.visitors.box_link import BoxLink, DialledLink, Sign
from p2claw.agent.visitors.draining import CLOSE_TIMEOUT_S, drain_links
from p2claw.agent.visitors.facts import LinkFacts, WorkerFacts
from p2claw.agent.visitors.knocks import Knocks
from p2claw.agent.visitors.memory import CrowdMemory
from p2claw.agent.visitors.proxy import Proxy
from p2claw.agent.visitors.public_addresses import (
    dialled_addresses,
    network_of,
    port_at,
    public_addresses,
)
from p2claw.agent.visitors.refusals import DIALS, KEPT, Refusals
from p2claw.agent.visitors.silence import Silence
from p2claw.agent.visitors.traffic import Traffic
from p2claw.agent.visitors.vigil import LOOK_S, Vigil
from p2claw.agent.visitors.visitors import Send
from p2claw.config import AgentLimits, PublicAddress
from p2claw.dataplane.carrier._engine import Place
from p2claw.errors import P2clawError
from p2claw.link.certificate import SharedCertificate
from p2claw.link.dial_keys import DialKeys, Generation
from p2claw.link.dialling import Dialled, Dialling
from p2claw.link.ice.address_watch import AddressWatch
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.keeping import Keeping
from p2claw.link.port import open_port
from p2claw.log import get_log
from p2claw.wire.session.room import Room
from p2claw.wire.signalling import BoxOffer, Refuse
from p2claw.wire.signalling.dialling import Descriptor

log = get_log("agent")

# Dials that are not open yet: each may be of a forged address, and takes 30 KB for DIAL_OPEN_S at
# most. A visitor that comes on top of it gets no reply, and offers by the coordinator.
DIALS_AT_ONCE = 32


class InProcess:
    """The visitors that this process serves; implements `visitors.Visitors`.

    sign: signs the answer to an offer. home: of the agent, for the spool and for thumbnails; no
    folder that is exposed gives away what is in it. noticed: called with what is noticed about an
    app.
    udp_port: the port that all links share; 0: any free one. shared: it is one that other processes
    have too. public_addresses: where else visitors
    reach it. ended: called with each session whose link is over. silent: called when all visitors
    have fallen silent at once. gone: called with a session, and whether its visitor is gone, while
    the box is crowded. place: what visitors name to come back to this process, where there are
    others. is_crowded: whether the box is crowded, as another process has found. ask: replies who
    may enter the apps that are guarded. ask_dial: asks whoever counts the links of
    the box whether a visitor of this network who dials may have a session; `dial_admitted` is the
    reply. None: it is decided here. knocked: called with the token of a knock that has come.
    """

    def __init__(
        self,
        sign: Sign,
        limits: AgentLimits,
        home: Path,
        *,
        noticed: Callable[[Notice], None],
        udp_port: int = 0,
        shared: Place | None = None,
        public_addresses: tuple[PublicAddress, ...] = (),
        ended: Callable[[str], None] = lambda session: None,
        silent: Callable[[], None] = lambda: None,
        gone: Callable[[str, bool], None] = lambda session, is_gone: None,
        place: int | None = None,
        ask: Replies = nobody_enters,
        ask_dial: Callable[[str, str], None] | None = None,
        knocked: Callable[[bytes], None] = lambda token: None,
    ) -> None:
        self._started_s = time.monotonic()
        self._sign = sign
        self._limits = limits
        self._ended = ended
        self._routes: Routes = {}
        space = SpoolSpace(home / "spool", limits.spool)
        self._refusals = refusals = Refusals()
        self._proxy = Proxy(
            lambda app: self._routes.get(app), space, limits, noticed, Folders(home), refusals, ask
        )
        self._traffic = Traffic(limits.relayed_bytes_per_visit, limits.relayed_bytes_per_day)
        self._admission = Admission(limits, lambda app: app in self._routes, self.evict, refusals)
        self._vigil = Vigil(self._is_gone)
        self._gone = gone
        self.is_crowded = False
        self._port = open_port(udp_port, shared)
        self._is_port_fixed = udp_port != 0
        self._public_addresses = public_addresses
        self._mapped: tuple[PublicAddress, ...] = ()  # by the router
        self._watch = AddressWatch(self._port.addresses_changed)
        self._certificate = SharedCertificate()
        self._names: PublicNames | None = None  # since a descriptor was made
        self._dial_keys = DialKeys()
        self._dial_generations: dict[int, Generation] = self._dial_keys.generations
        self._dialling = Dialling(self._dialled, self._dial_generations)
        self._ask_dial = ask_dial
        self._asked_dials: dict[str, Dialled] = {}
        self._knocks = Knocks()
        self._knocked = knocked
        self._port.set_unknown(self._dialling)
        self._keeping = Keeping(limits.kept, limits.kept_per_visitor)
        self._place = place
        self._links: dict[str, BoxLink] = {}
        self._by_token: dict[bytes, BoxLink] = {}
        self._room = Room(limits.unread_bytes)  # by which the windows of all links grow
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._silent = silent
        self._memory = CrowdMemory()
        self._activity: Activity[BoxLink] = Activity(self._stirred)
        self._silence = Silence(self._received, self._is_busy, self._fell_silent)
        self._listening: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._links)

    def apply(self, routes: Routes) -> None:
        self._routes = routes
        self._proxy.apply(routes)

    def entries_ended(self, sessions: Iterable[str]) -> None:
        self._proxy.entrance.ended(sessions)

    def close_apps(self, until: Mapping[str, float]) -> None:
        self._proxy.month_gate.close(until)

    def end_links(self) -> None:
        for session in tuple(self._tasks):
            self.evict(session)

    async def start(self) -> None:
        """Begin to watch the addresses of this machine, and whether visitors send anything."""
        self._watch.start()
        self._listening = asyncio.create_task(self._silence.run())
        self._watching = asyncio.create_task(self._watch_links())

    def offer(self, offer: BoxOffer, names: PublicNames, send: Send) -> None:
        """Answer the offer in a task of its own, or refuse the visitor at once."""
        app = self._admission.admit(offer, send)
        if app is None:
            return
        try:
            self._begin(offer, Visit(app, names, offer.visitor), send)
        except P2clawError as error:
            log.warning("visitor not answered", session=offer.session[:8], error=error.message)
            self._admission.leave(offer.session)
            send(Refuse(offer.session, "protocol", error.message[:256]))

    def descriptors(self, names: PublicNames) -> tuple[Descriptor, ...]:
        self._names = names
        addresses = dialled_addresses(
            self._reached_at(names),
            host_addresses(),
            self._port.number,
            is_fixed=self._is_port_fixed,
        )
        if not addresses or self._knocks.is_open(0) is False:
            return ()
        return (self._dial_keys.current().descriptor(addresses),)

    def knocks_wanted(self, names: PublicNames) -> tuple[bytes, tuple[int, ...]]:
        port = port_at(names.seen, self._reached_at(names))
        token = self._knocks.begin({} if port is None else {0: port})
        self.expect_knock(token)
        return token, (() if port is None else (port,))

    def knocks_over(self, token: bytes, ports: tuple[int, ...]) -> bool:
        return self._knocks.over(token, ports)

    @property
    def has_closed_port(self) -> bool:
        return self._knocks.is_any_closed

    def expect_knock(self, token: bytes) -> None:
        """Knocks of this token, and of no other, are reported."""

        def received() -> None:
            self._knocks.received(0, token)
            self._knocked(token)

        self._dialling.expect_knock(token, received)

    def dialable(self, names: PublicNames, generations: Iterable[Generation]) -> None:
        """Visitors may dial with tickets of these keys, and with no others."""
        self._names = names
        self._dial_generations.clear()
        self._dial_generations.update({one.number: one for one in generations})

    def dial_admitted(self, session: str, is_admitted: bool) -> None:
        """The reply to ask_dial."""
        dialled = self._asked_dials.pop(session, None)
        if dialled is None or not is_admitted:
            return
        if not self._admit_dial(session, network_of(dialled.addr[0]), dialled):
            self._ended(session)

    def _dialled(self, dialled: Dialled) -> bool:
        """Give a visitor that has dialled a link; returns whether it gets one, or may."""
        dialling = sum(not link.is_open for link in self._links.values() if link.is_dialled)
        if self._names is None or dialling + len(self._asked_dials) >= DIALS_AT_ONCE:
            self._refusals.count(DIALS, "dialling")
            return False
        session, visitor = secrets.token_urlsafe(16), network_of(dialled.addr[0])
        if self._ask_dial is None:
            return self._admit_dial(session, visitor, dialled)
        self._asked_dials[session] = dialled
        self._ask_dial(session, visitor)
        return True

    def _admit_dial(self, session: str, visitor: str, dialled: Dialled) -> bool:
        names = self._names
        if names is None or not self._admission.admit_dial(session, visitor):
            return False
        asked = DialledLink(session, dialled, self._admission.exposes)
        try:
            self._begin(asked, Visit("", names, visitor), lambda message: None)
        except P2clawError as error:
            log.warning("visitor not answered", session=session[:8], error=error.message)
            self._admission.leave(session)
            return False
        return True

    def _begin(self, asked: BoxOffer | DialledLink, visit: Visit, send: Send) -> None:
        """Raises P2clawError if there can be no link."""
        link = BoxLink(
            asked,
            visit,
            sign=self._sign,
            limits=self._limits,
            send=send,
            forward=self._proxy.forward,
            places=self._keeping.of(visit.visitor),
            port=self._port,
            certificate=self._certificate.current(),
            place=self._place,
            by_token=self._by_token,
            room=self._room,
            public=self._reached_at(visit.names),
            refusals=self._refusals,
            traffic=self._traffic,
        )
        session = asked.session
        self._links[session] = link
        task = asyncio.get_running_loop().create_task(link.run())
        self._tasks[session] = task
        # A link outlives its offer, so the callback refers to the session and not to the offer.
        task.add_done_callback(lambda done: self._forget(session, link.visit.app, done))

    def _reached_at(self, names: PublicNames) -> tuple[tuple[str, int], ...]:
        return public_addresses(
            (*self._public_addresses, *self._mapped),
            seen=names.seen,
            port=self._port.number,
            is_fixed=self._is_port_fixed,
        )

    def udp_ports(self) -> dict[int, int]:
        return {0: self._port.number}

    def mapped(self, addresses: Mapping[int, PublicAddress]) -> None:
        self._mapped = tuple(addresses.values())

    def candidate(self, session: str, candidate: str, mid: str) -> None:
        link = self._links.get(session)
        if link is not None:
            link.candidate(candidate, mid)

    def end(self, session: str) -> None:
        link = self._links.get(session)
        if link is not None:
            link.end()

    async def links(self) -> list[tuple[int, LinkFacts]]:
        return [(0, link.facts()) for link in self._links.values() if link.is_open]

    def workers(self) -> list[WorkerFacts]:
        uptime_s = time.monotonic() - self._started_s
        port, is_open = self._port.number, self._knocks.is_open(0)
        return [WorkerFacts(0, os.getpid(), len(self), uptime_s, 0, port, is_open)]

    def refused(self) -> dict[str, int]:
        self._note_moved()
        now = self._refusals.copy()
        now.count(KEPT, "box-busy", self._keeping.refused)
        now.count(DIALS, "rate", self._dialling.dropped)
        return now.counts()

    def traffic(self) -> dict[str, int]:
        self._note_moved()
        return self._traffic.counts()

    async def drain(self, timeout_s: float) -> None:
        self._admission.close()
        await drain_links(self._links, self._tasks, timeout_s)
        await self._close_links()

    async def close(self) -> None:
        await self._close_links()
        self._proxy.close()

    async def _close_links(self) -> None:
        self._admission.close()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)
            if late:
                log.error("links do not end", links=len(late))
        self._watch.close()
        for watch in (self._listening, self._watching):
            if watch is not None:
                watch.cancel()
        self._port.close()

    def evict(self, session: str) -> None:
        """End the link of a visitor that is gone, for the place of another."""
        self._admission.leave(session)
        task = self._tasks.get(session)
        if task is not None:
            task.cancel()

    async def _watch_links(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            self._note_moved()
            self._memory.look(len(self._links))
            if self.is_crowded or self._admission.is_crowded:
                self._vigil.look(self._links, loop.time())
            else:
                self._vigil.rest()

    def _is_gone(self, session: str, is_gone: bool) -> None:
        self._admission.gone(session, is_gone)
        self._gone(session, is_gone)

    def _received(self) -> int:
        """A count that grows with everything that visitors send, to our port or through a relay."""
        return self._port.datagrams_in + self._port.messages_in

    def _fell_silent(self) -> None:
        # If a NAT of ours has another port for us now, visitors that can be reached learn it so.
        self._port.addresses_changed()
        self._silent()

    def _is_busy(self) -> bool:
        return self._activity.is_any_busy

    def _stirred(self) -> list[BoxLink]:
        return [link for link in self._port.take_stirred() if isinstance(link, BoxLink)]

    def _note_moved(self) -> None:
        for link in self._activity.take_moved():
            link.note()

    def _forget(self, session: str, app: str, task: asyncio.Task[None]) -> None:
        link = self._links.pop(session, None)
        if link is not None:
            self._activity.forget(link)
        self._tasks.pop(session, None)
        self._admission.leave(session)
        self._ended(session)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.fault("link failed", error, session=session[:8], app=app)
