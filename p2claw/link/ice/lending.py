"""Asks a TURN server for an address, as a link does, and gives it back."""

from __future__ import annotations

import asyncio
from ssl import SSLContext

from aioice import turn

from p2claw.link.ice.servers import TurnServer


async def lent_by(server: TurnServer, tls: SSLContext | None = None) -> str:
    """The address that was lent. tls: in the place of the usual checks of a certificate.

    Raises stun.TransactionError, OSError. How long it may take is the caller's to say.
    """
    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=(server.host, server.port),
        username=server.username,
        password=server.credential,
        ssl=(tls or True) if server.tls else False,
        transport=server.transport,
    )
    address = str(transport.get_extra_info("sockname")[0])
    transport.close()
    return address
