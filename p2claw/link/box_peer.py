"""A box's peer: answers the offer of a visitor, or is dialled by one without an offer."""

from __future__ import annotations

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.dialling import Dialled
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.peer import Peer
from p2claw.link.sdp import Description, read_description


class BoxPeer(Peer):
    """A box's end of the link with one visitor. It answers the offer, or was dialled."""

    CONTROLLING = False

    @classmethod
    def of_dial(cls, dialled: Dialled, port: UdpPort) -> BoxPeer:
        """The side that a visitor has dialled; `accept_dial` begins."""
        return cls(
            port=port,
            certificate=dialled.certificate,
            credentials=(dialled.ufrag, dialled.password),
        )

    def accept_dial(self, dialled: Dialled) -> None:
        """Connect to the visitor whose first check this is, and reply to the check."""
        self._connection.open_hosts(host_addresses())
        remote = Description(
            ufrag=dialled.remote_ufrag,
            password=dialled.name.password,
            fingerprint=dialled.name.fingerprint,
            setup="active",
        )
        self._connect(remote, server=True)
        self._connection.stun_received(dialled.data, dialled.addr, dialled.local_host)

    async def answer(self, offer_sdp: str) -> str:
        """Answer at once, with host candidates only. Raises RemoteProtocolError."""
        offer = read_description(offer_sdp)
        # The visitor begins, if it may: the channel is open no later than if the box did, because
        # the box is done first and sends its INIT along. And what is lost comes back sooner: a
        # browser sends a flight again after 50 ms.
        active = offer.setup == "passive"
        self._mid = offer.mid
        self._connection.ice_controlling = offer.ice_lite
        answer = await self._describe("active" if active else "passive")
        self._connect(offer, server=not active)
        return answer
