"""The WebRTC peer of one link, on either side: offer or answer, candidates, and the channel that
opens.

aioice does ICE and aiortc the DTLS handshake. When the handshake is done, the data plane takes over
the connection, and aiortc sees no packet any more.
"""

from __future__ import annotations

import asyncio
import enum
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aioice import Candidate
from aioice.candidate import candidate_priority
from aioice.ice import CandidatePair
from OpenSSL import SSL

from p2claw.dataplane.carrier._engine import Link, UdpPort
from p2claw.dataplane.carrier.records import records_way
from p2claw.dataplane.core._sctp import SEED_BYTES
from p2claw.errors import LinkError, LocalProtocolError, RemoteProtocolError
from p2claw.grace import within
from p2claw.link.channel import Channel
from p2claw.link.dialling import Dialled
from p2claw.link.handshake import Handshake, LinkCertificate
from p2claw.link.ice.candidates import read_candidate, write_candidate
from p2claw.link.ice.gathering import Gathering
from p2claw.link.ice.host_addresses import BEST_PREFERENCE, host_addresses
from p2claw.link.ice.ice_connection import COMPONENT, IceConnection
from p2claw.link.ice.local_names import LocalNames, is_local_name
from p2claw.link.ice.public_candidates import public_candidates
from p2claw.link.ice.servers import read_servers
from p2claw.link.sdp import Description, read_description, write_description
from p2claw.link.stock import check_stock
from p2claw.log import get_log
from p2claw.wire.signalling import IceServer
from p2claw.wire.signalling.dialling import Descriptor

if TYPE_CHECKING:
    from p2claw.dataplane.carrier._engine import LinkStats, PortStats

log = get_log("link")

CLOSE_TIMEOUT_S = 3.0

# A box that is dialled sends no more than it got: with this its response, its own check and its
# flight of 0.8 KB fit. A browser's ClientHello is that long by itself.
PADDING_BYTES = 600

_NO_PATH = (
    "A firewall on either side lets nothing through: try another network, or have the coordinator"
    " name a TURN server. `p2claw doctor` on the box says what it can reach"
)

Path = Literal["direct", "relayed", "unknown"]


class Phase(enum.Enum):
    """How far a link has come. It only moves down this list; the value says what it waits for."""

    NEW = "the other side's description"
    CHECKING = "a path between the two networks"
    SECURING = "the encryption handshake"
    OPENING = "the data channel"
    OPEN = "nothing"
    CLOSED = "nothing: it is closed"


@dataclass(frozen=True, slots=True)
class PeerStats:
    """Counters of a link.

    rtt_s: None until it is measured. plane: of the association; None until the handshake is done.
    udp: of the port that the link shares.
    """

    rtt_s: float | None
    path: Path
    plane: LinkStats | None
    udp: PortStats | None


class Peer:
    """One end of a link, whichever side it is on. Create it on the loop, and always `close` it.

    on_candidate: called with ("candidate:…", mid) for each candidate that STUN and TURN give, and
        at the end once with ("", mid). It is never called before `answer` or `offer` has returned.
        Host candidates are not among them: they are in the description, and so is what a STUN
        server has said lately.
    port: a UDP port shared with other links; None: a port of its own.
    certificate: for the DTLS handshake; None: a new one. public: addresses and ports at which this
        side is reached though they are none of the machine's own.
    credentials: the ICE ufrag and password of this side, where a ticket sets them.
    fingerprint: SHA-256 of the certificate, 32 bytes.

    Raises OSError if no UDP port is free.
    """

    def __init__(
        self,
        *,
        ice_servers: Iterable[IceServer] = (),
        on_candidate: Callable[[str, str], None] = lambda candidate, mid: None,
        port: UdpPort | None,
        certificate: LinkCertificate | None = None,
        public: tuple[tuple[str, int], ...] = (),
        controlling: bool,
        credentials: tuple[str, str] | None = None,
    ) -> None:
        check_stock()
        self.on_candidate = on_candidate
        self.phase = Phase.NEW
        self._servers = read_servers(ice_servers)
        certificate = certificate or LinkCertificate.generateCertificate()
        self.fingerprint = certificate.sha256
        self._port = port or UdpPort()
        self._owns_port = port is None
        self._connection = IceConnection(
            self._port, self, controlling=controlling, credentials=credentials
        )
        self._dtls = Handshake(self._connection, certificate)
        self._link: Link | None = None
        self._is_started = False
        self._names = LocalNames(self._on_name)
        self._gathering: Gathering | None = None
        self._public = public
        self._mid = "0"
        self._settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failure: LinkError | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    def add_candidate(self, candidate: str, mid: str = "0") -> None:
        """A candidate of the other side; "" says that there are no more. Never blocks.

        One that cannot be read is dropped: a newer browser may know kinds that we do not.
        """
        if not candidate:
            # aioice would give up on a peer that named no candidate before its first check came.
            return
        try:
            read = read_candidate(candidate)
        except RemoteProtocolError as error:
            log.debug("candidate dropped", error=error)
            return
        if read is None:
            return
        if is_local_name(read.host):
            self._names.resolve(read)
        else:
            self._connection.add_remote(read)

    async def channel(self, *, timeout_s: float) -> Channel:
        """The channel, once it is open.

        Raises LinkError: `link-timeout`, `path-not-found`, `handshake-failed` or `link-lost`.
        """
        settled, _ = await asyncio.wait([self._settled], timeout=timeout_s)
        if not settled:
            raise LinkError(
                f"the link did not open within {timeout_s:.0f} s: it waits for {self.phase.value}",
                code="link-timeout",
                hint=_NO_PATH if self.phase is Phase.CHECKING else "Try again",
            )
        if self._failure is not None:
            raise self._failure
        assert self._link is not None
        return self._link

    def path(self) -> Path:
        """Whether bytes go straight to the other side or through a TURN server."""
        pair = self._connection.selected
        if pair is None:
            return "unknown"
        kinds = (pair.local_candidate.type, pair.remote_candidate.type)
        return "relayed" if "relay" in kinds else "direct"

    def stats(self) -> PeerStats:
        """What has gone through so far."""
        plane = self._link.stats() if self._link is not None and self._is_started else None
        rtt_ms = None if plane is None else plane["path_rtt_ms"] or plane["rtt_ms"] or None
        rtt_s = None if rtt_ms is None else rtt_ms / 1000
        return PeerStats(rtt_s=rtt_s, path=self.path(), plane=plane, udp=self._port.stats())

    async def close(self) -> None:
        """Tell the other side, and free every socket and task. Returns within CLOSE_TIMEOUT_S."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    async def _describe(self, setup: str) -> str:
        """Bind the sockets, start to ask the servers, and write our side."""
        if self._gathering is not None:
            raise LocalProtocolError("a peer describes itself once")
        candidates = self._connection.open_hosts(host_addresses())
        candidates += public_candidates(self._public, candidates)
        self._gathering = Gathering(self._connection, self._servers, self._on_gathered)
        candidates += self._gathering.remembered()
        self._gathering.start()
        return write_description(
            Description(
                ufrag=self._connection.local_username,
                password=self._connection.local_password,
                fingerprint=self.fingerprint,
                setup=setup,
                mid=self._mid,
                candidates=tuple(write_candidate(candidate) for candidate in candidates),
            )
        )

    def _connect(self, remote: Description, *, server: bool) -> None:
        """Begin to connect to the other side, in a task of its own.

        server: this side's DTLS role.
        """
        self._link = Link(
            self._port,
            self,
            seed=os.urandom(SEED_BYTES),
            server=server,
            peer_port=remote.sctp_port,
        )
        for candidate in remote.candidates:
            self.add_candidate(candidate)
        self._connecting = asyncio.get_running_loop().create_task(self._run(remote, server=server))

    async def _run(self, remote: Description, *, server: bool) -> None:
        self.phase = Phase.CHECKING
        self._connection.remote_username = remote.ufrag
        self._connection.remote_password = remote.password
        self._connection.remote_is_lite = remote.ice_lite
        choosing = asyncio.get_running_loop().create_task(self._connection.connect())
        try:
            await self._connection.reached(choosing)
            self.phase = Phase.SECURING
            if not await self._dtls.run(remote.fingerprint, server=server):
                self._fail("the encryption handshake failed", "handshake-failed")
                return
            connection, early = self._dtls.hand_over()
            await choosing
        except ConnectionError:
            self._fail("no path to the other side was found", "path-not-found", _NO_PATH)
            return
        finally:
            choosing.cancel()
            await asyncio.gather(choosing, return_exceptions=True)
        self.phase = Phase.OPENING
        self._take_over(connection, early)
        self._connecting = None

    def _take_over(self, connection: SSL.Connection, early: list[bytes]) -> None:
        """Move the connection from the handshake to the data plane, without losing a packet."""
        if self._link is None or self._closing is not None:
            return
        self._is_started = True
        self._link.start(records_way().kind(connection), self._connection.consent())
        for packet in early:
            self._link.packet_received(packet)
        for datagram in self._connection.drain_queued():
            self._link.datagram_received(datagram)

    # Called by ICE.

    def address_validated(self, addr: tuple[str, int], *, confirmed: bool) -> None:
        if self._link is not None:
            self._link.learn(*addr, confirmed=confirmed)

    def path_selected(self, pair: CandidatePair) -> None:
        link, protocol, remote = self._link, pair.protocol, pair.remote_addr
        if link is None:
            return
        if protocol.local_candidate.type == "relay":
            transport = protocol.transport
            link.route_through(lambda datagram: transport.sendto(datagram, remote), *remote)
        else:
            link.route(protocol.local_candidate.host, *remote)

    def datagram_received(self, data: bytes) -> None:
        if self._link is not None and self._is_started:
            self._link.datagram_received(data)
        else:
            self.handshake_datagram(data)

    def relayed_stun(self, message: bytes) -> bool:
        return self._link is not None and self._link.stun_received(message)

    # Called by the link.

    def handshake_datagram(self, data: bytes) -> None:
        self._connection.data_received(data, 1)

    def link_established(self) -> None:
        self.phase = Phase.OPEN
        if not self._settled.done():
            self._settled.set_result(None)

    def link_lost(self, code: str, reason: str) -> None:
        self._fail(reason, code)

    async def _close(self) -> None:
        self._fail("the link was closed here", "link-lost")
        self.phase = Phase.CLOSED
        await within(CLOSE_TIMEOUT_S, self._put_away())
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._owns_port:
            self._port.close()

    async def _put_away(self) -> None:
        await self._names.close()
        if self._gathering is not None:
            await self._gathering.close()
        if self._link is not None:
            self._link.shut()
        await self._dtls.stop()
        await self._connection.close()

    def _fail(self, message: str, code: str, hint: str = "") -> None:
        """Only the first reason counts.

        Once the channel was open, `channel_closed` reports the end.
        """
        if not self._settled.done():
            self._failure = LinkError(message, code=code, hint=hint)
            self._settled.set_result(None)

    def _on_gathered(self, candidate: Candidate | None) -> None:
        self.on_candidate("" if candidate is None else write_candidate(candidate), self._mid)

    def _on_name(self, candidate: Candidate, address: str) -> None:
        self._connection.add_remote(candidate, address=address)


class BoxPeer(Peer):
    """The side that answers one visitor."""

    def __init__(
        self,
        *,
        ice_servers: Iterable[IceServer] = (),
        on_candidate: Callable[[str, str], None] = lambda candidate, mid: None,
        port: UdpPort | None = None,
        certificate: LinkCertificate | None = None,
        public: tuple[tuple[str, int], ...] = (),
        credentials: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(
            ice_servers=ice_servers,
            on_candidate=on_candidate,
            port=port,
            certificate=certificate,
            public=public,
            controlling=False,
            credentials=credentials,
        )

    @classmethod
    def of_dial(cls, dialled: Dialled, port: UdpPort) -> BoxPeer:
        """The side that a visitor has dialled; `accept_dial` begins."""
        return cls(
            port=port,
            certificate=dialled.certificate,
            credentials=(dialled.ufrag, dialled.password),
        )

    def accept_dial(self, dialled: Dialled) -> None:
        """Connect to the visitor whose first check this is, and reply to the check."""
        self._connection.open_hosts(host_addresses())
        remote = Description(
            ufrag=dialled.remote_ufrag,
            password=dialled.name.password,
            fingerprint=dialled.name.fingerprint,
            setup="active",
        )
        self._connect(remote, server=True)
        self._connection.stun_received(dialled.data, dialled.addr, dialled.local_host)

    async def answer(self, offer_sdp: str) -> str:
        """Answer at once, with host candidates only. Raises RemoteProtocolError."""
        offer = read_description(offer_sdp)
        # The visitor begins, if it may: the channel is open no later than if the box did, because
        # the box is done first and sends its INIT along. And what is lost comes back sooner: a
        # browser sends a flight again after 50 ms.
        active = offer.setup == "passive"
        self._mid = offer.mid
        self._connection.ice_controlling = offer.ice_lite
        answer = await self._describe("active" if active else "passive")
        self._connect(offer, server=not active)
        return answer


class VisitorPeer(Peer):
    """The side that offers."""

    def __init__(
        self,
        *,
        ice_servers: Iterable[IceServer] = (),
        on_candidate: Callable[[str, str], None] = lambda candidate, mid: None,
        port: UdpPort | None = None,
    ) -> None:
        super().__init__(
            ice_servers=ice_servers, on_candidate=on_candidate, port=port, controlling=True
        )

    async def offer(self) -> str:
        """Offer at once, with host candidates only."""
        return await self._describe("actpass")

    async def dial(self, descriptor: Descriptor) -> None:
        """Connect to a box without offer and answer. descriptor: verified before."""
        await self.offer()
        self._connection.padding = "p2claw".ljust(PADDING_BYTES, ".")
        candidates = (
            Candidate(
                foundation=str(number),
                component=COMPONENT,
                transport="udp",
                priority=candidate_priority(COMPONENT, "host", BEST_PREFERENCE - number),
                host=host,
                port=port,
                type="host",
            )
            for number, (host, port) in enumerate(descriptor.addresses)
        )
        remote = Description(
            ufrag=descriptor.ufrag_for(self.fingerprint, self._connection.local_password),
            password=descriptor.password,
            fingerprint=descriptor.fingerprint,
            setup="passive",
            candidates=tuple(write_candidate(candidate) for candidate in candidates),
        )
        self._connect(remote, server=False)

    async def accept(self, answer_sdp: str) -> None:
        """Apply the box's answer, verified before. Raises RemoteProtocolError."""
        answer = read_description(answer_sdp)
        if answer.setup == "actpass":
            raise RemoteProtocolError("an answer leaves open who begins the handshake")
        self._connect(answer, server=answer.setup == "active")
