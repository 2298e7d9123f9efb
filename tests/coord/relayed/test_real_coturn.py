"""What a real coturn writes of an allocation is counted for the box that it was for."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from aioice import turn

from p2claw.coord.ice import turn_credential
from p2claw.coord.relayed.lines import user_of
from p2claw.coord.relayed.relay_file import FileLedger, RelayFile
from p2claw.coord.relayed.relay_log import RelayLog
from p2claw.coord.relayed.relay_watch import RelayWatch
from tests.cli.setup.ports import free_port
from tests.support.turn import LOG, listening, turnserver

BOX = "swy2cibtnnw7hmbsetd4qw4r3f"
PACKETS, PACKET = 50, bytes(1_000)
WAIT_S = 30.0


class Received(asyncio.DatagramProtocol):
    """Counts what it receives."""

    def __init__(self) -> None:
        self.bytes = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.bytes += len(data)


async def relay(port: int, username: str, secret: str) -> int:
    """Send some packets through the relay to a socket of our own; how many bytes came."""
    loop = asyncio.get_running_loop()
    peer, received = await loop.create_datagram_endpoint(Received, local_addr=("127.0.0.1", 0))
    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=("127.0.0.1", port),
        username=username,
        password=turn_credential(secret, username),
    )
    for _ in range(PACKETS):
        transport.sendto(PACKET, peer.get_extra_info("sockname"))
        await asyncio.sleep(0.002)
    async with asyncio.timeout(WAIT_S):
        while received.bytes < PACKETS * len(PACKET) // 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    transport.close()
    peer.close()
    return received.bytes


async def test_what_a_real_coturn_writes_is_counted_for_the_box(tmp_path: Path) -> None:
    port = free_port()
    options = ("--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}")
    auth = ("--verbose", "--use-auth-secret", "--static-auth-secret=secret", "--realm=p2claw.test")
    ledger = FileLedger(RelayFile(tmp_path / "server" / "relayed.db"))
    watch = RelayWatch(RelayLog(tmp_path / LOG, ledger), ledger)
    async with turnserver(tmp_path, *options, *auth):
        await listening("127.0.0.1", port)
        user = user_of(int(time.time()) + 600, BOX, "a-visit_1")
        moved = await relay(port, user, "secret")
        async with asyncio.timeout(WAIT_S):
            while watch.of(BOX)[0].month_bytes < moved:
                await asyncio.sleep(0.1)
                await watch.look()
    # With the headers of the channel, and some messages of TURN itself.
    assert moved <= watch.of(BOX)[0].month_bytes <= 2 * PACKETS * len(PACKET)
    await watch.close()
