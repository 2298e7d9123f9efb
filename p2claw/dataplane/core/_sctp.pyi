"""One SCTP association for data channels, sans-IO. Written in C: sctp/. How it works:
docs/DATAPLANE.md; every constant: docs/dataplane/CONSTANTS.md.

The rule of use: after each input (`connect`, `receive`, `handle_timeout`, `send`, …) drain
`next_event` until None, send what `to_send` gives (again while it gives a full burst and the time
of `next_timeout` has come), and arm a timer for `next_timeout`. `now` is one monotonic clock, in
seconds, rounded to microseconds inside. The association never reads a clock and draws no random
numbers.
"""

from typing import Literal, TypedDict

SEED_BYTES: int
DEFAULT_RECEIVE_BUFFER_BYTES: int
DEFAULT_SEND_BUFFER_BYTES: int
LARGEST_PACKET_BYTES: int
BASE_PACKET_BYTES: int

class Established:
    """The handshake is done; what was sent before goes out now."""

class MessageReceived:
    """A user message. ppid: RFC 8831 §8; those of empty messages are already undone."""

    stream: int
    ppid: int
    data: bytes

class ChannelOpened:
    """The peer opened a channel, or acknowledged one of ours (by_peer False, no label)."""

    stream: int
    label: str
    protocol: str
    by_peer: bool
    ordered: bool
    max_retransmits: int | None
    max_lifetime_ms: int | None
    priority: int

class ChannelClosed:
    """Both directions of the stream are reset; its number is free again."""

    stream: int

class AssociationClosed:
    """The last event.

    code: "shutdown", "aborted", "no-answer", "restarted", or the rule that was broken:
    "bad-fragments", "message-too-large", "no-user-data", "too-many-streams", "not-repeated",
    "bad-skip"; or "no-memory".
    """

    code: str
    reason: str
    by_peer: bool

Event = Established | MessageReceived | ChannelOpened | ChannelClosed | AssociationClosed

class Stats(TypedDict):
    """Since the start where they count. rtt_ms 0: not measured. pacing 0: not measured."""

    state: str
    controller: str
    rtt_ms: float
    rtt_variance_ms: float
    rtt_least_ms: float
    rto_ms: float
    cwnd_bytes: int
    in_flight_bytes: int
    waiting_bytes: int
    pacing_bytes_per_s: float
    peer_window_bytes: int
    mtu_bytes: int
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int
    payload_in_bytes: int
    payload_out_bytes: int
    buffered_in_bytes: int
    chunks_out: int
    retransmits: int
    lost_chunks: int
    timeouts: int
    tail_probes: int
    undone_losses: int
    abandoned_messages: int
    duplicates_in: int
    dropped_in: int
    repeated_in: int
    bad_checksum: int
    bad_tag: int
    malformed: int
    ignored: int
    streams: int
    zero_checksum: bool

class Association:
    """One side of an association.

    server: the DTLS role; a server opens channels with odd numbers (RFC 8832 §6).
    seed: 44 random bytes: verification tag 4, first TSN 4, jitter 4, cookie key 32.
    controller: what decides how fast it sends. largest_packet_bytes: where the search for the path
    MTU ends. zero_checksum: offer RFC 9653, for use over DTLS alone. admits_repeating: the peer may
    repeat messages of stream 0 by itself (docs/WIRE.md §18).
    Raises LocalProtocolError: "seed-wrong", "controller-wrong", "length-wrong".
    """

    def __init__(
        self,
        *,
        server: bool,
        seed: bytes,
        local_port: int = 5000,
        peer_port: int = 5000,
        controller: Literal["bbr", "cubic"] = "bbr",
        receive_buffer_bytes: int = ...,
        send_buffer_bytes: int = ...,
        largest_packet_bytes: int = ...,
        zero_checksum: bool = True,
        admits_repeating: bool = False,
    ) -> None: ...
    def connect(self, now: float) -> None:
        """Sends INIT. Both sides may (RFC 8841 §9.3)."""

    def receive(self, packet: bytes | bytearray | memoryview, now: float) -> None:
        """One packet from the peer, not kept. What is wrong with it is counted in `stats`."""

    def to_send(self, now: float) -> list[bytes]:
        """The packets that may leave now, at most 16."""

    def set_least_lump(self, lump: float) -> None:
        """What a burst is to be worth at least, in seconds at the pacing rate: fewer and larger
        bursts where the processor is wanted for others too. 0: as the path alone would have it."""

    def set_share(self, packets: int) -> None:
        """How many packets may leave at one time, at any rate: for senders who share a processor
        that has no time for all of them. 0: as the rate has it."""

    def next_event(self) -> Event | None:
        """What happened, oldest first. Draining opens the window that the peer sees."""

    def next_timeout(self) -> float | None:
        """When `handle_timeout` (and then `to_send`) wants to be called."""

    def handle_timeout(self, now: float) -> None: ...
    def path_works(self, now: float) -> None:
        """It was seen to work: what waits for a timeout goes again at once."""

    def path_changed(self, now: float) -> None:
        """It is another: the same, in packets of BASE_PACKET_BYTES until it has shown more."""
    def send(self, stream: int, ppid: int, data: bytes | bytearray | memoryview) -> None:
        """Queues a message, by the terms of its channel. Bytes are referred to, not copied.

        Raises LocalProtocolError: "closed", "stream-wrong", "buffer-full", "length-wrong" (empty,
        under a ppid other than 51 and 53).
        """

    def open_channel(
        self,
        label: str = "",
        protocol: str = "",
        *,
        ordered: bool = True,
        max_retransmits: int | None = None,
        max_lifetime_ms: int | None = None,
        priority: int = 256,
        stream: int | None = None,
        negotiated: bool = False,
    ) -> int:
        """Opens a channel and returns its stream; it may be sent on at once.

        negotiated: both sides name the stream and nothing is announced.
        Raises LocalProtocolError: "closed", "stream-wrong", "length-wrong", "terms-wrong".
        """

    def reset_stream(self, stream: int) -> None:
        """Closes the channel, once what was sent on it has gone out (RFC 6525)."""

    def shutdown(self, now: float) -> None:
        """Ends the association once all is acknowledged (RFC 9260 §9.2)."""

    def abort(self, reason: str = "") -> None:
        """Ends the association at once. `to_send` has one packet more, the ABORT."""

    @property
    def buffered_bytes(self) -> int:
        """Sent by the user and not yet acknowledged by the peer, over all streams."""

    @property
    def wants_to_send_now(self) -> bool:
        """Whether `to_send` should come before the next of several packets that arrived together.

        A SACK then must not stand for several, because the peer learns from their number. Where
        each packet is drained, as the rule of use says, there is no need to ask.
        """

    @property
    def waiting_bytes(self) -> int:
        """Of those, what has not been cut into packets yet."""

    def stream_buffered_bytes(self, stream: int) -> int: ...
    @property
    def is_established(self) -> bool: ...
    def stats(self) -> Stats: ...

def crc32c(data: bytes | bytearray | memoryview) -> int: ...
def crc32c_by_table(data: bytes | bytearray | memoryview) -> int: ...
def crc32c_way() -> str: ...
