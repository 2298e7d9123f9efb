"""Both signalling protocols, which end once a link is open: the one import for all messages.

Agent and coordinator (msgpack): `encode_agent`, `decode_agent`. Visitor and coordinator (JSON):
`encode_visit`, `decode_visit`. The messages themselves are beside their codecs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from p2claw.lazy_names import lazy_names

if TYPE_CHECKING:
    from p2claw.wire.signalling.agent import (
        AgentError,
        AgentMessage,
        Announce,
        Announced,
        BoxAnswer,
        BoxCandidate,
        BoxEnd,
        BoxOffer,
        Challenge,
        Claim,
        Claimed,
        Dial,
        Knock,
        Knocked,
        Refuse,
        Register,
        Registered,
        decode_agent,
        encode_agent,
    )
    from p2claw.wire.signalling.field_types import CANDIDATES, MESSAGE_BYTES, SDP_BYTES, IceServer
    from p2claw.wire.signalling.posted import (
        POST_BYTES,
        POST_MESSAGES,
        Post,
        decode_post,
        encode_posted,
    )
    from p2claw.wire.signalling.reading import Unknown
    from p2claw.wire.signalling.visit import (
        Apps,
        DialOffered,
        Introduced,
        VisitAnswer,
        VisitCandidate,
        VisitEnd,
        VisitError,
        VisitMessage,
        VisitOffer,
        decode_visit,
        encode_visit,
    )

__all__ = [
    "CANDIDATES",
    "MESSAGE_BYTES",
    "POST_BYTES",
    "POST_MESSAGES",
    "SDP_BYTES",
    "AgentError",
    "AgentMessage",
    "Announce",
    "Announced",
    "Apps",
    "BoxAnswer",
    "BoxCandidate",
    "BoxEnd",
    "BoxOffer",
    "Challenge",
    "Claim",
    "Claimed",
    "Dial",
    "DialOffered",
    "IceServer",
    "Introduced",
    "Knock",
    "Knocked",
    "Post",
    "Refuse",
    "Register",
    "Registered",
    "Unknown",
    "VisitAnswer",
    "VisitCandidate",
    "VisitEnd",
    "VisitError",
    "VisitMessage",
    "VisitOffer",
    "decode_agent",
    "decode_post",
    "decode_visit",
    "encode_agent",
    "encode_posted",
    "encode_visit",
]

__getattr__ = lazy_names(
    __name__,
    {
        "agent": (
            "AgentError",
            "AgentMessage",
            "Announce",
            "Announced",
            "BoxAnswer",
            "BoxCandidate",
            "BoxEnd",
            "BoxOffer",
            "Challenge",
            "Claim",
            "Claimed",
            "Dial",
            "Knock",
            "Knocked",
            "Refuse",
            "Register",
            "Registered",
            "decode_agent",
            "encode_agent",
        ),
        "field_types": ("CANDIDATES", "MESSAGE_BYTES", "SDP_BYTES", "IceServer"),
        "posted": ("POST_BYTES", "POST_MESSAGES", "Post", "decode_post", "encode_posted"),
        "reading": ("Unknown",),
        "visit": (
            "Apps",
            "DialOffered",
            "Introduced",
            "VisitAnswer",
            "VisitCandidate",
            "VisitEnd",
            "VisitError",
            "VisitMessage",
            "VisitOffer",
            "decode_visit",
            "encode_visit",
        ),
    },
)
