"""The types of the fields of signalling messages, each with its limit (docs/WIRE.md §11, §12).

A limit of a text counts bytes of UTF-8. msgspec counts characters, so it lets a few texts through
that are too long: `reading.py` looks at these again, by the same annotations.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from p2claw.names import PEER_ID

MESSAGE_BYTES: Final = 65_536
SDP_BYTES: Final = 16_384
CANDIDATE_BYTES: Final = 1_024
CANDIDATES: Final = 64

# What a JavaScript number holds exactly.
_INTEGER_MAX: Final = 2**53 - 1

Count = Annotated[int, Meta(ge=0, le=_INTEGER_MAX)]
KeepaliveSeconds = Annotated[int, Meta(ge=1, le=3_600)]
RetrySeconds = Annotated[int, Meta(ge=0, le=86_400)]
Version = Annotated[int, Meta(ge=1, le=_INTEGER_MAX)]

# ASCII, because it is signed, with its length in one byte.
Session = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
Code = Annotated[str, Meta(pattern=r"\A[a-z0-9-]{1,64}\Z")]
CodeOrNone = Annotated[str, Meta(pattern=r"\A[a-z0-9-]{0,64}\Z")]
PeerId = Annotated[str, Meta(pattern=rf"\A{PEER_ID.pattern}\Z")]
Label = Annotated[str, Meta(max_length=63)]
Labels = Annotated[tuple[Label, ...], Meta(max_length=8)]
Line = Annotated[str, Meta(max_length=1_024)]

# A descriptor (docs/WIRE.md §16); empty: the box is not dialled any more.
Descriptor = Annotated[bytes, Meta(max_length=256)]
Nonce = Annotated[bytes, Meta(min_length=32, max_length=32)]
PublicKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
# What keys state (docs/WIRE.md §17); what is none of a known form is passed over by who reads it.
Statements = Annotated[
    tuple[Annotated[bytes, Meta(min_length=1, max_length=256)], ...], Meta(max_length=264)
]
# As many as one box may have delegated its names to.
DELEGATIONS: Final = 32
Delegations = Annotated[
    tuple[Annotated[bytes, Meta(min_length=138, max_length=138)], ...], Meta(max_length=DELEGATIONS)
]
# Descriptors, each with its signature: one per process of a box.
SignedDescriptors = Annotated[
    tuple[tuple[Annotated[bytes, Meta(min_length=1, max_length=256)], Signature], ...],
    Meta(max_length=63),
]
# Of a knock (docs/WIRE.md §16).
KnockToken = Annotated[bytes, Meta(min_length=66, max_length=66)]
Ports = Annotated[tuple[Annotated[int, Meta(ge=1, le=65_535)], ...], Meta(max_length=64)]
# A DNS name, 253 bytes, a colon and a port, with room for an address in brackets.
Audience = Annotated[str, Meta(max_length=300)]
# A code of an invitation as its owner typed it; "": none.
Invite = Annotated[str, Meta(max_length=64)]
Software = Annotated[str, Meta(max_length=64)]

# More than the grammar allows: the reply names the apps that were rejected.
App = Annotated[str, Meta(max_length=128)]
Apps = Annotated[tuple[App, ...], Meta(max_length=256)]
Rejected = Annotated[dict[App, Annotated[str, Meta(max_length=64)]], Meta(max_length=256)]

Sdp = Annotated[str, Meta(max_length=SDP_BYTES)]
Candidate = Annotated[str, Meta(max_length=CANDIDATE_BYTES)]
Mid = Annotated[str, Meta(max_length=64)]
Place = Annotated[int, Meta(ge=0, le=65_535)]
Network = Annotated[str, Meta(max_length=64)]

_IceText = Annotated[str, Meta(max_length=512)]

NetworkMark = Annotated[str, Meta(pattern=r"\A[0-9a-f]{8}\Z")]
Regions = Annotated[
    dict[Label, Annotated[tuple[_IceText, ...], Meta(max_length=16)]], Meta(max_length=8)
]


class IceServer(Struct, frozen=True, omit_defaults=True):
    """One STUN or TURN server as RTCIceServer has it; username and credential are for TURN only."""

    urls: Annotated[tuple[_IceText, ...], Meta(max_length=16)]
    username: _IceText | None = None
    credential: _IceText | None = None


IceServers = Annotated[tuple[IceServer, ...], Meta(max_length=16)]
