"""The data plane's IO: one UDP port for all links, and links. How it works: docs/DATAPLANE.md."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Literal, Protocol, TypedDict

from p2claw.dataplane.carrier._records import Records

class StunReceiver(Protocol):
    """Somebody who responds to checks, or waits for a response."""

    def stun_received(self, data: bytes, addr: tuple[str, int], local_host: str) -> None: ...

class LinkOwner(Protocol):
    """Called at each step of a link's life, on the loop's thread."""

    def flight_repeated(self) -> Iterable[bytes]:
        """A flight of the handshake has come again; returns what to send again."""

    def handshake_datagram(self, data: bytes) -> None:
        """A DTLS record that came before `start`."""

    def link_established(self) -> None:
        """The channel may be used."""

    def link_lost(self, code: str, reason: str) -> None:
        """Called last: "link-lost" or "record-failed"."""

class ChannelUser(Protocol):
    """p2claw.link.channel.ChannelUser, of which this layer knows nothing."""

    def message_received(self, message: bytes) -> None: ...
    def channel_drained(self) -> None: ...
    def channel_closed(self) -> None: ...

class PortStats(TypedDict):
    """Since the port was opened.

    send_blocked: EAGAIN and ENOBUFS, survived. send_too_large: EMSGSIZE, of probes.
    send_unpinned: a local address was gone, and the system chose another. strangers:
    datagrams of addresses that passed no check. stun_ignored: for nobody here. handed_out,
    handed_in: datagrams handed over to other processes that share the port, and by them.
    handed_lost: for which these had no room. handed_refused: checks above the rate.
    """

    port: int
    datagrams_in: int
    datagrams_out: int
    bytes_in: int
    bytes_out: int
    wakes: int
    reads: int
    sends: int
    send_blocked: int
    send_too_large: int
    send_unreachable: int
    send_unpinned: int
    read_errors: int
    strangers: int
    stun_ignored: int
    handed_out: int
    handed_in: int
    handed_lost: int
    handed_refused: int
    gso: bool
    gro: bool

class LinkStats(TypedDict):
    """Packets and bytes are SCTP's, before encryption. 0 for a time or rate: not measured yet.

    path_rtt_ms: by the checks of the path; rtt_ms: by data that was acknowledged.
    """

    controller: str
    path_rtt_ms: float | None
    rtt_ms: float
    rtt_least_ms: float
    cwnd_bytes: int
    in_flight_bytes: int
    waiting_bytes: int
    pacing_bytes_per_s: int
    peer_window_bytes: int
    mtu_bytes: int
    messages_in: int
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int
    chunks_out: int
    lost_chunks: int
    retransmits: int
    timeouts: int
    tail_probes: int
    duplicates_in: int
    dropped_in: int
    bad_records: int
    bad_checksum: int
    bad_tag: int
    malformed: int

class Flows:
    """Which process has which visitor, where several share a port; in memory that all of them see.

    fd: of `new`, which stays the caller's. Addresses: of visitors, each with the place of a
    process, 0 to 63. key, multiplier: of the hash by which it knows them. changes: how often a
    place was written.
    """

    def __init__(self, fd: int) -> None: ...
    @classmethod
    def new(cls) -> int:
        """Empty memory for one, as a descriptor. Linux alone."""

    @property
    def key(self) -> int: ...
    @property
    def multiplier(self) -> int: ...
    @property
    def changes(self) -> int: ...
    def listed(self) -> list[tuple[int, int]]:
        """The hash and the place of each visitor's address."""

    def hash(self, host: str, port: int) -> int: ...
    def find(self, host: str, port: int) -> int:
        """The place; -1: nobody's."""

    def put(self, host: str, port: int, place: int, *, confirmed: bool = True) -> bool:
        """confirmed: it may have been another's. False: there is no room, or it is another's."""

    def remove(self, host: str, port: int, place: int) -> None:
        """Nothing if it is another's."""

    def clear(self, place: int) -> None:
        """This process has ended."""

class Place:
    """The end of one process of a port that several share.

    number: 0 to 63. socket: bound, the port's from now on. own: what others hand over to here.
    others: what is handed over to each place, by number.
    """

    number: int

    def __init__(
        self, number: int, *, socket: int, flows: Flows, own: int, others: Iterable[int]
    ) -> None: ...

class UdpPort:
    """A UDP port on all addresses, IPv4 and IPv6. Make it on its loop; always `close` it.

    number: 0 for any. place: of this process on a port that is open already. Raises OSError.
    """

    number: int
    strangers: int
    stun_ignored: int

    def __init__(
        self,
        number: int = 0,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        place: Place | None = None,
    ) -> None: ...
    @property
    def place(self) -> int | None:
        """Which process this is of those that share the port; None: none share it."""

    @property
    def is_v4_only(self) -> bool:
        """The system has no IPv6."""

    def close(self) -> None:
        """End every link and free the port."""

    def send_to(self, data: bytes, host: str, port: int, local_host: str = "") -> None:
        """One datagram; lost if it cannot be sent. Raises LocalProtocolError `address-wrong`."""

    def send_near(self, data: bytes, host: str, port: int, local_host: str, hops: int) -> None:
        """One datagram over IPv4 that so many routers pass on at most. Lost where that cannot be.

        Raises LocalProtocolError `address-wrong`.
        """

    def add_ufrag(self, ufrag: str, receiver: StunReceiver) -> None:
        """Checks whose USERNAME begins with it are the receiver's."""

    def set_unknown(self, receiver: StunReceiver | None) -> None:
        """Checks whose ufrag is long, and nobody's, are the receiver's. They may be forged."""

    def remove_ufrag(self, ufrag: str) -> None: ...
    def add_transaction(self, transaction: bytes, receiver: StunReceiver) -> None:
        """The response to this request goes to the receiver."""

    def remove_transaction(self, transaction: bytes) -> None: ...
    def addresses_changed(self) -> None:
        """Ask each link's peer for consent now: it learns from it where this machine is."""

    @property
    def datagrams_in(self) -> int: ...
    @property
    def messages_in(self) -> int:
        """On all links together, since the port was opened."""

    def take_stirred(self) -> list[object]:
        """To whom the links belong that sent or received a message since the last call, or came to
        belong to somebody.
        """

    def stats(self) -> PortStats: ...

class Consent:
    """What both sides' checks are signed with (RFC 8445 §7.2.2). tie_breaker: ours."""

    def __init__(
        self,
        *,
        local_ufrag: str,
        local_password: str,
        remote_ufrag: str,
        remote_password: str,
        controlling: bool,
        tie_breaker: int,
        priority: int,
    ) -> None: ...

class Link:
    """One link: DTLS records, an association, and the channel of docs/WIRE.md §1.

    It is the `Channel` of p2claw.link.channel. seed: 44 random bytes. server: the DTLS role.
    superseded: records that were not opened, because a newer SACK came by the same read.
    """

    rejected: int
    superseded: int
    messages_in: int
    was_closed: bool

    def __init__(
        self,
        port: UdpPort,
        owner: LinkOwner,
        *,
        seed: bytes,
        server: bool,
        local_port: int = 5000,
        peer_port: int = 5000,
        controller: Literal["bbr", "cubic"] = "bbr",
    ) -> None: ...
    def learn(self, host: str, port: int, *, confirmed: bool = True) -> None:
        """Records from there are this link's. Only for addresses that passed a check.

        confirmed: a response to a check of ours came from there. A check of the peer alone may come
        from anywhere, and moves no address of another link to this one.
        """

    def route(self, local_host: str, host: str, port: int) -> None:
        """Send there, from this local address."""

    def route_through(self, relay: Callable[[bytes], None], host: str, port: int) -> None:
        """Send each datagram by this function, to whom the relay knows by this address."""

    def start(self, records: Records, consent: Consent) -> None:
        """The handshake is done: begin."""

    def stun_received(self, message: bytes) -> bool:
        """Whether a message that came through the relay was about consent, and is seen to."""

    def datagram_received(self, data: bytes) -> None:
        """A record that came otherwise than by the port."""

    def belongs_to(self, whom: object) -> None:
        """Whom `take_stirred` names for this link, until it ends."""

    def flush(self) -> None: ...
    def shut(self) -> None:
        """End it with an ABORT. The user is informed of it, the owner is not."""

    def stats(self) -> LinkStats: ...
    @property
    def buffered_bytes(self) -> int: ...
    def attach(self, user: ChannelUser, *, low_water_bytes: int) -> None: ...
    def detach(self) -> None: ...
    def send(self, message: bytes) -> None: ...
    def close(self) -> None: ...
