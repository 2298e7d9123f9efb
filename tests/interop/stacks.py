"""Who is met, and what each cannot do: one table a stack, ability to reason.

A scenario names the abilities that it needs, and is left out for those who lack one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pytest

Role = Literal["client", "server"]
Ability = Literal[
    "names",  # opens channels with labels and protocols beyond ASCII
    "terms",  # shows the terms of a channel that others opened
    "unordered-limits",  # opens channels that are unordered and partially reliable
    "retransmits",  # gives messages up by the number of their retransmissions
    "lifetimes",  # gives messages up by their age
    "skipping",  # goes on after others gave up a message of an ordered channel
    "resets",  # is silent on a stream until its reset was responded to (RFC 6525 §5.1.2)
    "empty",  # sends empty messages
    "passive",  # is the DTLS server when who offers wants to be the client
    "init",  # replies to an INIT, whatever its role
    "parity",  # numbers its channels by its DTLS role
    "shutdown",  # closes its channels when others shut the association down
    "goodbye",  # says that it closes
    "padding",  # passes over a chunk of a type that it does not know (RFC 9260 §3.2)
]


@dataclass(frozen=True, slots=True)
class Stack:
    """lacks: what this one is without, each with the reason.

    our_role: ours of DTLS, where a scenario leaves it open. What message it takes is in its
    session description.
    """

    name: str
    our_role: Role = "server"
    lacks: dict[Ability, str] = field(default_factory=dict)


def need(stack: Stack, *abilities: Ability) -> None:
    """Leave the scenario out where one is lacking."""
    for ability in abilities:
        if ability in stack.lacks:
            pytest.skip(f"{stack.name}: {stack.lacks[ability]}")


# rtcsctptransport.py of 1.16: RTCSctpTransport._receive_forward_tsn_chunk, RTCDataChannel.
AIORTC: dict[Ability, str] = {
    "names": "writes the number of characters where RFC 8832 §5.1 has the number of bytes",
    "skipping": "throws away whole messages behind the one that was given up, and waits for them",
}

# media/sctp/dcsctp_transport.cc: DcSctpTransport::OnClosed.
LIBWEBRTC: dict[Ability, str] = {
    "shutdown": "acknowledges the shutdown and leaves its channels open",
}

FIREFOX: dict[Ability, str] = {
    "lifetimes": "announces a lifetime, and sends again whatever is older",
}

NODE_DATACHANNEL: dict[Ability, str] = {
    "terms": "its JavaScript side has the defaults for a channel that others opened",
}

# lib/webrtc/src/transport/sctp.js and lib/sctp/src/sctp.js of 0.24.4.
WERIFT: dict[Ability, str] = {
    "names": AIORTC["names"],
    "unordered-limits": "opens them as ordered: channel type 0x01 for 0x81 (RFC 8832 §5.1)",
    "retransmits": "takes a limit of 0 for none",
    "lifetimes": "adds seconds to milliseconds",
    "skipping": AIORTC["skipping"],
    "resets": "acknowledges the next channel of a number before its reset was responded to",
    "empty": "sends no chunk for an empty message, and counts it in the stream all the same",
    "passive": "answers active to an offer that is active",
    "init": "replies to no INIT if it is controlling (RFC 8841 §9.3: both sides may send one)",
    "parity": "numbers its channels by the ICE role (RFC 8832 §6: by the DTLS role)",
    "shutdown": "repeats its SHUTDOWN-ACK for ten seconds, whatever the reply",
    "padding": "ends its process: no search for larger packets (RFC 4820), so none of our peers",
    "goodbye": "closes its socket without an ABORT and without an alert",
}

STACKS = (
    Stack("aiortc", lacks=AIORTC),
    Stack("wrtc", lacks=LIBWEBRTC),
    Stack("node-datachannel", lacks=NODE_DATACHANNEL),
    # It offers, so its numbers are odd.
    Stack("werift", our_role="client", lacks=WERIFT),
    Stack("chromium", lacks=LIBWEBRTC),
    Stack("firefox", lacks=FIREFOX),
)
