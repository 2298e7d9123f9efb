"""`python -m bench.hostile.strangers URL EDGE ATTACK NEIGHBOUR`: attacks by who has no link.

NEIGHBOUR: JSON with the addresses of the link that is to be disturbed. It begins at once, goes on
until it is asked to end, and says then how many messages it has sent. Packets are sent at the rate
of a line of some 200 Mbit/s: what a full line loses, no program can save.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import secrets
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench.stdio import Lines, emit, errors_emitted
from p2claw.dataplane.core import _stun
from p2claw.errors import P2clawError
from p2claw.visitor.app_url import parse_app_url
from p2claw.wire.signalling import BoxEnd, Introduced, encode_agent
from p2claw.wire.signalling.dialling import Descriptor, DialName
from tests.coord.peers import connected_visitor, key_of, registered_agent

Address = tuple[str, int]

PACKETS_PER_S = 20_000
BATCH = 200
SOCKETS = 16
DATA_BYTES = 1_100
# Records of DTLS 1.2: type, version, epoch, number, length (RFC 6347 §4.1). An alert in plain text
# says that the link is closed.
_DTLS = b"\xfe\xfd"
_APPLICATION_DATA, _ALERT = b"\x17", b"\x15"
_CLOSE = bytes((1, 0))


async def end_messages(url: str, edge: str, sent: Counter[str], neighbour: Any) -> None:
    """A box of the same coordinator ends visits that never were."""
    ends = [encode_agent(BoxEnd(secrets.token_urlsafe(16))) for _ in range(BATCH)]
    async with registered_agent(edge, key_of(secrets.randbelow(1 << 60)), ("dog",)) as (agent, _):
        emit({"begun": True})
        while True:
            for end in ends:
                await agent.ws.send_bytes(end)
            sent["messages"] += len(ends)
            await asyncio.sleep(0)


async def spoofed_packets(url: str, edge: str, sent: Counter[str], neighbour: Any) -> None:
    """Records and alerts in the name of the neighbour, if this may forge addresses; else as one of
    many strangers. Both make up checks, too.
    """
    own, box = tuple(neighbour["own"]), tuple(neighbour["box"])

    def packets() -> Iterator[bytes]:
        for number in itertools.count():
            yield _record(_APPLICATION_DATA, 1, number, os.urandom(DATA_BYTES))
            yield _record(_ALERT, 0, number, _CLOSE)
            yield _check("aaaa", "wrong password of them", number)

    with _forging(own, box) as forge:
        sent["forged addresses"] = int(forge is not None)
        await _paced(box, packets(), sent, forge)


async def forged_tickets(url: str, edge: str, sent: Counter[str], neighbour: Any) -> None:
    """First checks of a dial whose ticket is well made, and whose password is guessed."""
    descriptor = await _descriptor(url, edge)

    def packets() -> Iterator[bytes]:
        for number in itertools.count():
            yield _dial(descriptor, os.urandom(32), number, password="x" * 24)

    await _paced(descriptor.addresses[0], packets(), sent)


async def replayed_tickets(url: str, edge: str, sent: Counter[str], neighbour: Any) -> None:
    """One good first check, again and again, from many addresses."""
    descriptor = await _descriptor(url, edge)
    check = _dial(descriptor, os.urandom(32), 0)
    await _paced(descriptor.addresses[0], itertools.repeat(check), sent)


async def unfinished_dials(url: str, edge: str, sent: Counter[str], neighbour: Any) -> None:
    """Good first checks, each of a visitor of its own, and no dial goes on."""
    descriptor = await _descriptor(url, edge)

    def packets() -> Iterator[bytes]:
        for number in itertools.count():
            yield _dial(descriptor, os.urandom(32), number)

    await _paced(descriptor.addresses[0], packets(), sent)


ATTACKS: dict[str, Callable[[str, str, Counter[str], Any], Awaitable[None]]] = {
    attack.__name__.replace("_", " "): attack
    for attack in (
        end_messages,
        spoofed_packets,
        forged_tickets,
        replayed_tickets,
        unfinished_dials,
    )
}


async def _paced(
    there: Address,
    packets: Iterator[bytes],
    sent: Counter[str],
    forge: Callable[[bytes], None] | None = None,
) -> None:
    """Send them from SOCKETS ports, or by forge, at PACKETS_PER_S."""
    emit({"begun": True})
    with contextlib.ExitStack() as held:
        ways: list[Callable[[bytes], object]] = []
        for _ in range(SOCKETS):
            one = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            one.connect(there)
            one.setblocking(False)
            ways.append(one.send)
        turns = itertools.cycle([forge] if forge else ways)
        begun_s = time.monotonic()
        while True:
            for packet in itertools.islice(packets, BATCH):
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    next(turns)(packet)
            sent["messages"] += BATCH
            ahead_s = sent["messages"] / PACKETS_PER_S - (time.monotonic() - begun_s)
            await asyncio.sleep(max(0.0, ahead_s))


async def _descriptor(url: str, edge: str) -> Descriptor:
    """How the box is dialled, as every visitor is told."""
    query = urlsplit(parse_app_url(url, edge=edge).visit_url).query
    async with connected_visitor(edge, query) as visitor:
        introduced = await visitor.receive(Introduced)
    if introduced.dial is None:
        raise P2clawError("the box cannot be dialled", code="bench-child")
    return Descriptor.unpack(introduced.dial.descriptor)


def _dial(descriptor: Descriptor, fingerprint: bytes, number: int, *, password: str = "") -> bytes:
    ufrag = DialName(descriptor.ticket, fingerprint, "abcdefghijklmnopqrstuv").pack()
    return _check(ufrag, password or descriptor.password, number)


def _check(ufrag: str, password: str, number: int) -> bytes:
    made = _stun.write_request(
        number.to_bytes(12, "big"),
        f"{ufrag}:wxyz".encode(),
        1,
        controlling=True,
        tie_breaker=1,
        use_candidate=True,
        key=password.encode(),
    )
    assert made is not None
    return made


def _record(kind: bytes, epoch: int, number: int, payload: bytes) -> bytes:
    head = kind + _DTLS + epoch.to_bytes(2, "big") + number.to_bytes(6, "big")
    return head + len(payload).to_bytes(2, "big") + payload


@contextlib.contextmanager
def _forging(own: Address, box: Address) -> Iterator[Callable[[bytes], None] | None]:
    """Sends packets to the box as if they came from this address; None: this process may not."""
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    except PermissionError:
        yield None
        return
    raw.setblocking(False)
    addresses = socket.inet_aton(own[0]) + socket.inet_aton(box[0])

    def forge(payload: bytes) -> None:
        # No checksum of UDP: IPv4 allows it, and the kernel fills that of IP (raw(7)).
        udp = struct.pack("!HHHH", own[1], box[1], 8 + len(payload), 0) + payload
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0)
        raw.sendto(ip + addresses + udp, (box[0], 0))

    with raw:
        yield forge


async def main(url: str, edge: str, name: str, neighbour: str) -> None:
    sent: Counter[str] = Counter()
    lines = await Lines.open()
    attacking = asyncio.ensure_future(ATTACKS[name](url, edge, sent, json.loads(neighbour)))
    asking = asyncio.ensure_future(lines.next())
    await asyncio.wait([attacking, asking], return_when=asyncio.FIRST_COMPLETED)
    if attacking.done():
        attacking.result()
    attacking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await attacking
    emit(sent)


if __name__ == "__main__":
    with errors_emitted():
        uvloop.run(main(*sys.argv[1:5]))
