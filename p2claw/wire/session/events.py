"""The events of a session. `Event` is the union of all."""

from __future__ import annotations

from p2claw.value_class import value_class
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import Fields, RequestHead, ResponseHead
from p2claw.wire.frames.hello import Hello


@value_class(frozen=True, slots=True)
class HelloReceived:
    """HELLO of the other side has come, and a version is agreed. The first event."""

    hello: Hello


@value_class(frozen=True, slots=True)
class RequestReceived:
    """Box: a stream begins. end: the request has no body."""

    stream: int
    head: RequestHead
    end: bool


@value_class(frozen=True, slots=True)
class ResponseReceived:
    """Visitor: a response begins. end: it has no body."""

    stream: int
    head: ResponseHead
    end: bool


@value_class(frozen=True, slots=True)
class DataReceived:
    """Body bytes, perhaps none. Call `consumed` once they have been read."""

    stream: int
    data: bytes
    end: bool


@value_class(frozen=True, slots=True)
class TrailersReceived:
    """The other side's body has ended with these fields."""

    stream: int
    fields: Fields


@value_class(frozen=True, slots=True)
class StreamReset:
    """A stream ended early: by the other side's RESET or breach. StreamClosed follows."""

    stream: int
    code: Code
    reason: str


@value_class(frozen=True, slots=True)
class StreamWritable:
    """What was queued above high water has fallen to low water: the producer may go on."""

    stream: int


@value_class(frozen=True, slots=True)
class StreamClosed:
    """The last event of a stream, however it ended. Its id means nothing from now on."""

    stream: int


@value_class(frozen=True, slots=True)
class PongReceived:
    """The reply to a PING of ours came after rtt_s seconds."""

    rtt_s: float


@value_class(frozen=True, slots=True)
class GoawayReceived:
    """No new streams. Those above last_stream are reset with REFUSED; the others go on."""

    last_stream: int
    code: Code
    reason: str


@value_class(frozen=True, slots=True)
class ResumeAsked:
    """Box: this link is to carry on an earlier session, that of `token`.

    received: how many of its messages the visitor has. Nothing else comes before the reply.
    """

    token: bytes
    received: int


@value_class(frozen=True, slots=True)
class ResumeReplied:
    """Visitor: the earlier session goes on here, and the box has received so many of its messages.

    None: it does not, and this is a new session.
    """

    received: int | None


@value_class(frozen=True, slots=True)
class SessionFailed:
    """The session is over. Send what `to_send` still returns, then close the channel."""

    code: Code
    reason: str


Event = (
    HelloReceived
    | RequestReceived
    | ResponseReceived
    | DataReceived
    | TrailersReceived
    | StreamReset
    | StreamWritable
    | StreamClosed
    | PongReceived
    | GoawayReceived
    | ResumeAsked
    | ResumeReplied
    | SessionFailed
)
