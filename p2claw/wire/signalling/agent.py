"""The messages between agent and coordinator, and their msgpack form (docs/WIRE.md §11)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from p2claw.errors import LocalProtocolError
from p2claw.wire.signalling import field_types as f
from p2claw.wire.signalling.reading import Message, Reader, Unknown


class Challenge(Message, frozen=True, tag="challenge"):
    """C → A. `time` is the coordinator's clock, Unix seconds: an agent can name the skew.

    min: 0 stands for a challenge without it, and becomes v. follows: it knows changes of keys.
    """

    nonce: f.Nonce
    time: f.Count
    v: f.Version = 1
    min: f.Version = 0
    follows: bool = False

    def __post_init__(self) -> None:
        if self.min == 0:
            msgspec.structs.force_setattr(self, "min", self.v)


class Register(Message, frozen=True, tag="register"):
    """A → C. `signature` is over `signatures.register_payload(nonce, time, audience)`.

    invite: a code of an invitation, for a box that is not known yet; "": none. statements: by which
    this key follows those that the box had before, the oldest first, and by which it has named a
    backup key.
    """

    public_key: f.PublicKey
    nonce: f.Nonce
    time: f.Count
    audience: f.Audience
    signature: f.Signature
    v: f.Version = 1
    sw: f.Software = ""
    invite: f.Invite = ""
    statements: f.Statements = ()


class Registered(Message, frozen=True, tag="registered"):
    """C → A. `base` is a URL with `{label}` in the place of the first label of the host.

    seen: the address that the connection comes from; "" if the coordinator does not send it.
    others: further aliases of the box, which lead to it too.
    """

    alias: f.Label
    key_alias: f.Label
    base: f.Line
    keepalive_s: f.KeepaliveSeconds
    seen: f.Network = ""
    others: f.Labels = ()


class Claim(Message, frozen=True, tag="claim"):
    """A → C. The box wants to have this alias, which its owner chose. One may be under way."""

    name: f.Label


class Claimed(Message, frozen=True, tag="claimed"):
    """C → A. What became of a claim. code: "" if the alias is the box's own from now on.

    others: as in `Registered`.
    """

    name: f.Label
    code: f.CodeOrNone = ""
    message: f.Line = ""
    others: f.Labels = ()


class Announce(Message, frozen=True, tag="announce"):
    """A → C. The whole set of apps, whatever was announced before."""

    seq: f.Count
    apps: f.Apps


class Down(Message, frozen=True, tag="down"):
    """A → C. The whole set of apps for which nothing listens; none, until this has come."""

    apps: f.Apps


class Dial(Message, frozen=True, tag="dial"):
    """A → C. How visitors dial this box, in the place of what was sent before.

    descriptor: of `dialling.Descriptor`; empty: not at all. signature: for the purpose `dial`.
    others: of further processes of the box. Each visitor is given one.
    """

    descriptor: f.Descriptor
    signature: f.Signature
    others: f.SignedDescriptors = ()


class Team(Message, frozen=True, tag="team"):
    """A → C. The whole set of the delegations by this box, in the place of those of before.

    The reply is `teamed` with this `seq`, here and of the next three.
    """

    seq: f.Count
    statements: f.Delegations = ()


class TeamJoin(Message, frozen=True, tag="team-join"):
    """A → C. This box responds for the names of the box with this alias, which has invited it."""

    seq: f.Count
    name: f.Label


class TeamLeave(Message, frozen=True, tag="team-leave"):
    """A → C. This box does so no more."""

    seq: f.Count
    name: f.Label


class TeamAsk(Message, frozen=True, tag="team-ask"):
    """A → C. Who is in the team of this box, and in whose teams is it?"""

    seq: f.Count


class TeamMember(msgspec.Struct, frozen=True):
    """A box to which the asking one has delegated its names. expires_s: Unix seconds."""

    key: f.PublicKey
    joined: bool
    online: bool
    expires_s: f.Count


class TeamOf(msgspec.Struct, frozen=True):
    """A box that has delegated its names to the asking one. alias: of that box."""

    key: f.PublicKey
    alias: f.Label
    joined: bool
    expires_s: f.Count


class Teamed(Message, frozen=True, tag="teamed"):
    """C → A. The reply; unasked, with seq 0, if the box is not in one of the teams any more.

    code: "" if what was asked is done.
    """

    seq: f.Count
    code: f.CodeOrNone = ""
    message: f.Line = ""
    members: Annotated[tuple[TeamMember, ...], msgspec.Meta(max_length=f.DELEGATIONS)] = ()
    teams: Annotated[tuple[TeamOf, ...], msgspec.Meta(max_length=f.DELEGATIONS)] = ()


class Knock(Message, frozen=True, tag="knock"):
    """A → C. Send datagrams with this token to these UDP ports of the address that this comes
    from: are they open?
    """

    token: f.KnockToken
    ports: f.Ports


class Knocked(Message, frozen=True, tag="knocked"):
    """C → A. The reply to `knock`: the datagrams to these ports are on their way."""

    token: f.KnockToken
    ports: f.Ports = ()


class Relayed(Message, frozen=True, tag="relayed"):
    """C → A, unasked. How many bytes relays have moved for this box, in this month and on this day
    of UTC, and how many they may; None: any number.
    """

    month_bytes: f.Count
    day_bytes: f.Count
    month_limit: f.Count | None = None
    day_limit: f.Count | None = None


class Announced(Message, frozen=True, tag="announced"):
    """C → A. `rejected` maps each app that was rejected to a code of `names.check_app`."""

    seq: f.Count
    rejected: f.Rejected


class BoxOffer(Message, frozen=True, tag="offer"):
    """C → A. A visitor's offer. `visitor` is its address, shortened; for logs only.

    place: as the visitor named it, of a HELLO of this box. alias: the name that was asked for, if
    it is one of another box, for which this one responds.
    """

    session: f.Session
    app: f.App | None
    sdp: f.Sdp
    ice_servers: f.IceServers
    visitor: f.Network = ""
    place: f.Place | None = None
    alias: f.Label = ""


class BoxAnswer(Message, frozen=True, tag="answer"):
    """A → C. `signature` is over `signatures.answer_payload`."""

    session: f.Session
    sdp: f.Sdp
    signature: f.Signature


class BoxCandidate(Message, frozen=True, tag="candidate"):
    """Both ways. An empty candidate means that there are no more."""

    session: f.Session
    candidate: f.Candidate
    mid: f.Mid = "0"


class Refuse(Message, frozen=True, tag="refuse"):
    """A → C. The box does not admit this visitor; `code` is one of docs/WIRE.md §12."""

    session: f.Session
    code: f.Code
    message: f.Line = ""


class BoxEnd(Message, frozen=True, tag="end"):
    """Both ways. No more messages about this session follow."""

    session: f.Session


class AgentError(Message, frozen=True, tag="error"):
    """C → A. Why the control connection closes now."""

    code: f.Code
    message: f.Line = ""


AgentMessage = (
    Challenge
    | Register
    | Registered
    | Claim
    | Claimed
    | Announce
    | Announced
    | Down
    | Dial
    | Knock
    | Knocked
    | Relayed
    | Team
    | TeamJoin
    | TeamLeave
    | TeamAsk
    | Teamed
    | BoxOffer
    | BoxAnswer
    | BoxCandidate
    | Refuse
    | BoxEnd
    | AgentError
)


def encode_agent(message: AgentMessage) -> bytes:
    """The bytes of one binary WebSocket message. Raises LocalProtocolError above 65,536 bytes."""
    encoded = _ENCODER.encode(message)
    if len(encoded) > f.MESSAGE_BYTES:
        raise LocalProtocolError(f"a signalling message of {len(encoded)} bytes is too long")
    return encoded


def decode_agent(message: bytes) -> AgentMessage | Unknown:
    """The inverse of `encode_agent`. Raises RemoteProtocolError on anything else."""
    return _READER.read(message)


_ENCODER = msgspec.msgpack.Encoder()
_READER: Reader[AgentMessage] = Reader(msgspec.msgpack.Decoder, AgentMessage.__args__)
