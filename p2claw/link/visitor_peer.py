"""A visitor's peer: makes the offer and accepts the answer, or dials a box without them."""

from __future__ import annotations

from aioice import Candidate
from aioice.candidate import candidate_priority

from p2claw.errors import RemoteProtocolError
from p2claw.link.ice.candidates import COMPONENT, write_candidate
from p2claw.link.ice.host_addresses import BEST_PREFERENCE
from p2claw.link.peer import Peer
from p2claw.link.sdp import Description, read_description
from p2claw.wire.signalling.dialling import Descriptor

# A box that is dialled sends no more than it got: with this its response, its own check and its
# flight of 0.8 KB fit. A browser's ClientHello is that long by itself.
PADDING_BYTES = 600


class VisitorPeer(Peer):
    """A visitor's end of the link with one box. It offers, or dials."""

    CONTROLLING = True

    async def offer(self) -> str:
        """Offer at once, with host candidates only."""
        return await self._describe("actpass")

    async def dial(self, descriptor: Descriptor) -> None:
        """Connect to a box without offer and answer. descriptor: verified before."""
        await self.offer()
        self._connection.padding = "p2claw".ljust(PADDING_BYTES, ".")
        candidates = (
            Candidate(
                foundation=str(number),
                component=COMPONENT,
                transport="udp",
                priority=candidate_priority(COMPONENT, "host", BEST_PREFERENCE - number),
                host=host,
                port=port,
                type="host",
            )
            for number, (host, port) in enumerate(descriptor.addresses)
        )
        remote = Description(
            ufrag=descriptor.ufrag_for(self.fingerprint, self._connection.local_password),
            password=descriptor.password,
            fingerprint=descriptor.fingerprint,
            setup="passive",
            candidates=tuple(write_candidate(candidate) for candidate in candidates),
        )
        self._connect(remote, server=False)

    async def accept(self, answer_sdp: str) -> None:
        """Apply the box's answer, verified before. Raises RemoteProtocolError."""
        answer = read_description(answer_sdp)
        if answer.setup == "actpass":
            raise RemoteProtocolError("an answer leaves open who begins the handshake")
        self._connect(answer, server=answer.setup == "active")
