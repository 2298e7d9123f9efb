"""One link's WebRTC peer, either side: offer or answer, candidates, and the channel that opens.

Put together from aiortc's parts (ICE, DTLS, SCTP), not from its RTCPeerConnection, which gathers
before it answers. What is done differently from aiortc is in `ice/` and `association.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from aioice import Candidate
from aiortc import RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from aiortc.rtcicetransport import RTCIceParameters
from aiortc.rtcsctptransport import RTCSctpCapabilities

from p2claw.errors import LinkError, LocalProtocolError, RemoteProtocolError
from p2claw.link.association import Association
from p2claw.link.channel import Channel
from p2claw.link.datachannel import DataChannel
from p2claw.link.ice.addresses import host_addresses
from p2claw.link.ice.candidates import read_candidate, write_candidate
from p2claw.link.ice.connection import IceConnection
from p2claw.link.ice.gathering import Gathering
from p2claw.link.ice.local_names import LocalNames, is_local_name
from p2claw.link.ice.servers import read_servers
from p2claw.link.sdp import Description, read_description, write_description
from p2claw.link.stock import check_stock
from p2claw.log import get_log
from p2claw.wire.signalling import IceServer

log = get_log("link")

CLOSE_TIMEOUT_S = 3.0

Path = Literal["direct", "relayed", "unknown"]


class Phase(enum.Enum):
    """How far a link has come: only ever down this list. The value is what is waited for."""

    NEW = "the other side's description"
    CHECKING = "a path between the two networks"
    SECURING = "the encryption handshake"
    OPENING = "the data channel"
    OPEN = "nothing"
    CLOSED = "nothing: it is closed"


@dataclass(frozen=True, slots=True)
class PeerStats:
    """bytes and packets: as encrypted, of the whole link. rtt_s: None until measured."""

    bytes_in: int
    bytes_out: int
    packets_in: int
    packets_out: int
    rtt_s: float | None
    path: Path


class Peer:
    """What box and visitor share. Make it on the loop; always `close` it.

    on_candidate: told each candidate that STUN and TURN give, from the turn of the loop after
        `answer` or `offer` returned on, as ("candidate:…", mid), then ("", mid). Hosts are
        in the description already.
    fingerprint: SHA-256 of the DTLS certificate, 32 bytes, new for each link.
    """

    def __init__(
        self,
        *,
        ice_servers: Iterable[IceServer] = (),
        on_candidate: Callable[[str, str], None] = lambda candidate, mid: None,
        controlling: bool,
    ) -> None:
        check_stock()
        self.on_candidate = on_candidate
        self.phase = Phase.NEW
        self._servers = read_servers(ice_servers)
        certificate = RTCCertificate.generateCertificate()
        self.fingerprint = _sha256_of(certificate)
        self._connection = IceConnection(controlling=controlling)
        gatherer = RTCIceGatherer(iceServers=[])
        gatherer._connection = self._connection
        self._ice = RTCIceTransport(gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [certificate])
        self._association = Association(self._dtls)
        self._channel = DataChannel(self._association)
        self._channel.stock.on("open", self._on_open)
        self._channel.stock.on("close", self._on_close)
        self._names = LocalNames(self._on_name)
        self._gathering: Gathering | None = None
        self._mid = "0"
        self._settled = asyncio.Event()
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
        try:
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()
        except TimeoutError:
            raise LinkError(
                f"the link did not open within {timeout_s:g} s: it waits for {self.phase.value}",
                code="link-timeout",
            ) from None
        if self._failure is not None:
            raise self._failure
        return self._channel

    def path(self) -> Path:
        """Whether bytes go straight to the other side or through a TURN server."""
        pair = self._connection.selected
        if pair is None:
            return "unknown"
        kinds = (pair.local_candidate.type, pair.remote_candidate.type)
        return "relayed" if "relay" in kinds else "direct"

    def stats(self) -> PeerStats:
        """What has gone through so far."""
        (transport,) = self._dtls._get_stats().values()
        return PeerStats(
            bytes_in=transport.bytesReceived,
            bytes_out=transport.bytesSent,
            packets_in=transport.packetsReceived,
            packets_out=transport.packetsSent,
            rtt_s=self._connection.rtt_s,
            path=self.path(),
        )

    async def close(self) -> None:
        """Tell the other side, and free every socket and task. Returns within CLOSE_TIMEOUT_S."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    async def _describe(self, setup: str) -> str:
        """Bind the sockets, start to ask the servers, and write our side."""
        if self._gathering is not None:
            raise LocalProtocolError("a peer describes itself once")
        candidates = await self._connection.open_hosts(host_addresses())
        self._gathering = Gathering(self._connection, self._servers, self._on_gathered)
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

    def _connect(self, remote: Description, *, dtls_role: str) -> None:
        """Begin to connect to what the other side described, in a task of its own."""
        self._dtls._set_role(dtls_role)
        self._dtls.on("statechange", self._on_dtls)
        for candidate in remote.candidates:
            self.add_candidate(candidate)
        self._connecting = asyncio.get_running_loop().create_task(self._run(remote))

    async def _run(self, remote: Description) -> None:
        self.phase = Phase.CHECKING
        await self._ice.start(
            RTCIceParameters(
                usernameFragment=remote.ufrag, password=remote.password, iceLite=remote.ice_lite
            )
        )
        if self._ice.state != "completed":
            self._fail("no path to the other side was found", "path-not-found")
            return
        self.phase = Phase.SECURING
        fingerprint = RTCDtlsFingerprint("sha-256", remote.fingerprint.hex(":"))
        await self._dtls.start(RTCDtlsParameters(fingerprints=[fingerprint]))
        if self._dtls.state != "connected":
            return
        self.phase = Phase.OPENING
        with contextlib.suppress(ConnectionError):
            await self._association.start(
                RTCSctpCapabilities(maxMessageSize=remote.message_bytes), remote.sctp_port
            )

    async def _close(self) -> None:
        self._fail("the link was closed here", "link-lost")
        self.phase = Phase.CLOSED
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._names.close()
                if self._gathering is not None:
                    await self._gathering.close()
                await self._association.stop()
                await self._dtls.stop()
                await self._ice.stop()
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])

    def _fail(self, message: str, code: str) -> None:
        """The first reason stays; once the channel was open, `channel_closed` tells."""
        if not self._settled.is_set():
            self._failure = LinkError(message, code=code)
            self._settled.set()

    def _on_open(self) -> None:
        self.phase = Phase.OPEN
        self._settled.set()

    def _on_close(self) -> None:
        self._fail("the other side closed the link", "link-lost")

    def _on_dtls(self) -> None:
        # aiortc's RTCPeerConnection does this for those who use it.
        if self._dtls.state == "failed":
            self._fail("the encryption handshake failed", "handshake-failed")
        if self._dtls.state in ("closed", "failed"):
            self._association.lost()

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
    ) -> None:
        super().__init__(ice_servers=ice_servers, on_candidate=on_candidate, controlling=False)

    async def answer(self, offer_sdp: str) -> str:
        """Answer at once, with host candidates only. Raises RemoteProtocolError."""
        offer = read_description(offer_sdp)
        # The active one sends the first ClientHello: half a round trip less than waiting for it.
        active = offer.setup != "active"
        self._mid = offer.mid
        self._connection.ice_controlling = offer.ice_lite
        answer = await self._describe("active" if active else "passive")
        self._connect(offer, dtls_role="client" if active else "server")
        return answer


class VisitorPeer(Peer):
    """The side that offers."""

    def __init__(
        self,
        *,
        ice_servers: Iterable[IceServer] = (),
        on_candidate: Callable[[str, str], None] = lambda candidate, mid: None,
    ) -> None:
        super().__init__(ice_servers=ice_servers, on_candidate=on_candidate, controlling=True)

    async def offer(self) -> str:
        """Offer at once, with host candidates only."""
        return await self._describe("actpass")

    async def accept(self, answer_sdp: str) -> None:
        """Apply the box's answer, verified before. Raises RemoteProtocolError."""
        answer = read_description(answer_sdp)
        if answer.setup == "actpass":
            raise RemoteProtocolError("an answer leaves open who begins the handshake")
        self._connect(answer, dtls_role="server" if answer.setup == "active" else "client")


def _sha256_of(certificate: RTCCertificate) -> bytes:
    value = next(f.value for f in certificate.getFingerprints() if f.algorithm == "sha-256")
    return bytes.fromhex(value.replace(":", ""))
