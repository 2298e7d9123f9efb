"""What passes through coordinator, edge and relay is captured, and holds nothing of the app."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

from p2claw.visitor import Visitor
from tests.lab import matrix, services
from tests.lab.laboratory import SERVER_ADDRESSES, laboratory
from tests.support.own_namespace import needs_namespaces

pytestmark = needs_namespaces("nft")

ETH_P_ALL = 3
BUFFER_BYTES = 16 * 1024 * 1024
SOL_PACKET, PACKET_STATISTICS = 263, 6

DOWN_BYTES = 300_000
PATH = b"/a-path-that-nobody-else-knows"
UPLOAD = b"what a visitor writes and nobody else reads. "
# Part of every offer: proves that the capture holds what is sent, masked by WebSockets or not.
KNOWN = b"a=ice-ufrag:"


async def test_no_port_of_the_server_sees_what_an_app_serves_or_is_asked(tmp_path: Path) -> None:
    """Both sides are behind symmetric NATs, so all bytes go through the relay."""
    async with laboratory() as lab, matrix.public_segment(lab, tmp_path, relays=True):
        host, visitor = await lab.host("box", "symmetric"), await lab.host("visitor", "symmetric")
        async with (
            services.box(host, tmp_path / "box") as box,
            lab.server.hold(captured()) as packets,
        ):
            edge = f"http://{SERVER_ADDRESSES[0]}:{services.EDGE_PORT}"
            link = await visitor.run(Visitor.open(box.url, edge=edge))
            try:
                response = await visitor.run(link.request("GET", f"/{DOWN_BYTES}"))
                down = await visitor.run(response.body())
                asked = await visitor.run(link.request("GET", PATH.decode()))
                sent = await visitor.run(link.request("POST", "/", body=UPLOAD * 500))
                await visitor.run(sent.body())
                path = link.stats().path
            finally:
                await visitor.run(link.close())
    assert (down, asked.status, path) == (services.pattern(DOWN_BYTES), 404, "relayed")
    seen = b"".join(packets)
    assert len(seen) > 2 * DOWN_BYTES  # it went in, and out
    assert holds(seen, KNOWN)
    served = services.pattern(DOWN_BYTES)
    needles = [served[at : at + 16] for at in range(0, DOWN_BYTES, 1_500)]
    assert [needle for needle in (PATH, UPLOAD, *needles) if holds(seen, needle)] == []


def test_a_needle_is_found_under_a_websockets_mask() -> None:
    mask = b"\x3c\xa5\x07\xf1"
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(b"xyz" + PATH + b"end"))
    assert holds(b"before" + masked, PATH)
    assert not holds(b"before" + masked, PATH + b"s")


def holds(seen: bytes, needle: bytes) -> bool:
    """Whether it is there as it is, or under any mask of four bytes (RFC 6455 §5.3).

    A mask drops out of the difference of bytes that are four apart.
    """
    return needle in seen or _differences(needle) in _differences(seen)


def _differences(data: bytes) -> bytes:
    one, other = int.from_bytes(data[:-4]), int.from_bytes(data[4:])
    return (one ^ other).to_bytes(len(data) - 4)


@contextlib.asynccontextmanager
async def captured() -> AsyncIterator[list[bytes]]:
    """Every packet of this host, in the order in which they pass; none may be missed."""
    packets: list[bytes] = []
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as tap:
        tap.setsockopt(socket.SOL_SOCKET, 33, BUFFER_BYTES)  # SO_RCVBUFFORCE
        tap.setblocking(False)

        def read() -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    packets.append(tap.recv(65_536))

        loop.add_reader(tap, read)
        try:
            yield packets
        finally:
            loop.remove_reader(tap)
            read()
        _, missed = struct.unpack("II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        assert missed == 0
