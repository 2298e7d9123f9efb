"""The bytes of a knock: what the coordinator sends to a UDP port of a box that asks whether it is
open (docs/WIRE.md §16). Sans-IO.

A box that receives its own token at a port knows that a firewall lets strangers in there. It sends
nothing back.
"""

from __future__ import annotations

import base64

from p2claw.dataplane.core import _stun

# In base64 without padding 88 characters: as long as a ufrag of a dial, so that ports treat it as
# one that nobody has registered.
TOKEN_BYTES = 66


def knock_ufrag(token: bytes) -> bytes:
    """How a port recognizes the knock of this token."""
    return base64.b64encode(token)


def knock(token: bytes) -> bytes:
    """The datagram: a check of ICE, of nobody and for nobody."""
    ufrag = knock_ufrag(token)
    made = _stun.write_request(
        token[:12],
        ufrag + b":knock",
        1,
        controlling=True,
        tie_breaker=0,
        use_candidate=False,
        key=ufrag,
    )
    assert made is not None, "it is shorter than a check of a dial"
    return made
