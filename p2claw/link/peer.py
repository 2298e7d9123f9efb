"""The WebRTC peer of one link, on either side: candidates, the path, and the channel that opens.

aioice does ICE and OpenSSL the DTLS handshake. When the handshake is done, the connection moves to
the data plane. Offers are in `visitor_peer.py`, answers in `box_peer.py`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from aioice import Candidate
from aioice.ice import CandidatePair

from p2claw.dataplane.carrier._engine import Link, UdpPort
from p2claw.dataplane.carrier._records import Records
from p2claw.dataplane.core._sctp import SEED_BYTES
from p2claw.errors import LocalProtocolError, RemoteProtocolError
from p2claw.grace import within
from p2claw.link.certificate import LinkCertificate
from p2claw.link.channel import Channel
from p2claw.link.handshake import LAST_FLIGHTS, Handshake
from p2claw.link.ice.candidates import read_candidate, write_candidate
from p2claw.link.ice.gathering import Gathering
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.ice.ice_connection import IceConnection
from p2claw.link.ice.local_names import LocalNames, is_local_name
from p2claw.link.ice.public_candidates import public_candidates
from p2claw.link.ice.servers import read_servers
from p2claw.link.opening import Opening, Phase
from p2claw.link.sdp import Description, write_description
from p2claw.link.stock import check_stock
from p2claw.log import get_log
from p2claw.wire.signalling import IceServer

if TYPE_CHECKING:
    from p2claw.dataplane.carrier._engine import LinkStats, PortStats

log = get_log("link")

CLOSE_TIMEOUT_S = 3.0

Path = Literal["direct", "relayed", "unknown"]


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
    """One end of a link, a `BoxPeer` or a `VisitorPeer`. Made on the loop; always `close` it.

    on_candidate: called with ("candidate:…", mid) for each candidate that STUN and TURN give, and
        at the end once with ("", mid). It is never called before `answer` or `offer` has returned.
        Host candidates are not among them: they are in the description, and so are addresses that
        a STUN server has named lately.
    port: a UDP port shared with other links; None: a port of its own.
    certificate: for the DTLS handshake; None: a new one. public: addresses and ports at which this
        side is reached though they are none of the machine's own.
    credentials: the ICE ufrag and password of this side, where a ticket sets them.
    is_hurried: a session waits for this link, which need not begin by the best path.
    fingerprint: SHA-256 of the certificate, 32 bytes.

    Raises OSError if no UDP port is free.
    """

    CONTROLLING: ClassVar[bool]
    """The role in ICE, as long as the other side is not of ICE-lite."""

    def __init__(
        self,
        *,
        ice_servers: Iterable[IceServer] = (),
        on_candidate: Callable[[str, str], None] = lambda candidate, mid: None,
        port: UdpPort | None = None,
        certificate: LinkCertificate | None = None,
        public: tuple[tuple[str, int], ...] = (),
        credentials: tuple[str, str] | None = None,
        is_hurried: bool = False,
    ) -> None:
        check_stock()
        self.on_candidate = on_candidate
        # Called when the path has changed; of one owner.
        self.on_path: Callable[[], None] = lambda: None
        # Called with each check of this link that was above its rate, and not read.
        self.on_check_dropped: Callable[[], None] = lambda: None
        self._opening = Opening()
        self._servers = read_servers(ice_servers)
        certificate = certificate or LinkCertificate.new()
        self.fingerprint = certificate.sha256
        self._port = port or UdpPort()
        self._owns_port = port is None
        self._connection = IceConnection(
            self._port,
            self,
            controlling=self.CONTROLLING,
            credentials=credentials,
            is_hurried=is_hurried,
        )
        self._dtls = Handshake(self._connection, certificate)
        self._link: Link | None = None
        self._is_started = False
        self._flights = 0  # the last one, sent again
        self._names = LocalNames(self._on_name)
        self._gathering: Gathering | None = None
        self._public = public
        self._mid = "0"
        self._connecting: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def phase(self) -> Phase:
        """How far the link has come."""
        return self._opening.phase

    def add_candidate(self, candidate: str, mid: str = "0") -> None:
        """A candidate of the other side; "" is the end of candidates. Never blocks.

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
        await self._opening.wait(timeout_s=timeout_s)
        assert self._link is not None
        return self._link

    def belongs_to(self, whom: object) -> None:
        """Whom the port names, when it is asked which links have moved messages."""
        assert self._link is not None
        self._link.belongs_to(whom)

    def path(self) -> Path:
        """Whether bytes go straight to the other side or through a TURN server."""
        pair = self._connection.selected
        if pair is None:
            return "unknown"
        kinds = (pair.local_candidate.type, pair.remote_candidate.type)
        return "relayed" if "relay" in kinds else "direct"

    @property
    def far(self) -> str:
        """The other side's address, or the relay's that it has; "" before there is a path."""
        pair = self._connection.selected
        return "" if pair is None else pair.remote_addr[0]

    def check_path(self) -> None:
        """Ask the other sides of the port's links for consent now: they learn where we are."""
        self._port.addresses_changed()

    def stats(self) -> PeerStats:
        """What has gone through so far."""
        plane = self._link.stats() if self._link is not None and self._is_started else None
        rtt_ms = None if plane is None else plane["path_rtt_ms"] or plane["rtt_ms"] or None
        rtt_s = None if rtt_ms is None else rtt_ms / 1000
        return PeerStats(rtt_s=rtt_s, path=self.path(), plane=plane, udp=self._port.stats())

    async def close(self) -> None:
        """End the link, and free every socket and task. Returns within CLOSE_TIMEOUT_S."""
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
        for remembered in self._gathering.remembered():
            self._connection.openers.named(remembered)
            candidates.append(remembered)
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
        self._opening.phase = Phase.CHECKING
        self._connection.remote_username = remote.ufrag
        self._connection.remote_password = remote.password
        self._connection.remote_is_lite = remote.ice_lite
        choosing = asyncio.get_running_loop().create_task(self._connection.connect())
        try:
            await self._connection.reached(choosing)
            self._opening.phase = Phase.SECURING
            if not await self._dtls.run(remote.fingerprint, server=server):
                self._opening.fail("the encryption handshake failed", "handshake-failed")
                return
            records, early = self._dtls.hand_over()
            await choosing
        except ConnectionError:
            self._opening.fail("no path to the other side was found", "path-not-found")
            return
        finally:
            choosing.cancel()
            await asyncio.gather(choosing, return_exceptions=True)
        self._opening.phase = Phase.OPENING
        self._adopt(records, early)
        self._connecting = None

    def _adopt(self, records: Records, early: list[bytes]) -> None:
        """Have the data plane go on after the handshake, without losing a packet."""
        if self._link is None or self._closing is not None:
            return
        self._is_started = True
        self._link.start(records, self._connection.consent())
        for datagram in (*early, *self._connection.drain_queued()):
            self._link.datagram_received(datagram)

    # Called by ICE.

    def address_validated(self, addr: tuple[str, int], *, confirmed: bool) -> None:
        if self._link is not None:
            self._link.learn(*addr, confirmed=confirmed)

    def check_dropped(self) -> None:
        self.on_check_dropped()

    def path_selected(self, pair: CandidatePair) -> None:
        link, protocol, remote = self._link, pair.protocol, pair.remote_addr
        if link is None:
            return
        if protocol.local_candidate.type == "relay":
            transport = protocol.transport
            link.route_through(lambda datagram: transport.sendto(datagram, remote), *remote)
        else:
            link.route(protocol.local_candidate.host, *remote)
        self.on_path()

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

    def flight_repeated(self) -> list[bytes]:
        """The other side has not got the end of our handshake: it is sent again."""
        if self._flights >= LAST_FLIGHTS:
            return []
        self._flights += 1
        return self._dtls.last_flight

    def link_established(self) -> None:
        self._dtls.last_flight.clear()  # the other side has got it
        self._opening.succeed()

    def link_lost(self, code: str, reason: str) -> None:
        # Once the channel was open, `channel_closed` reports the end.
        self._opening.fail(reason, code)

    async def _close(self) -> None:
        self._opening.fail("the link was closed here", "link-lost")
        self._opening.phase = Phase.CLOSED
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

    def _on_gathered(self, candidate: Candidate | None) -> None:
        if candidate is not None and candidate.type == "srflx":
            self._connection.openers.named(candidate)
        self.on_candidate("" if candidate is None else write_candidate(candidate), self._mid)

    def _on_name(self, candidate: Candidate, address: str) -> None:
        self._connection.add_remote(candidate, address=address)
