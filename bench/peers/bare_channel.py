"""`python -m bench.peers.bare_channel send|receive STACK`: one end of a channel as a process.

No session, no HTTP, nothing of ours but the peer. First the descriptions, {"sdp"}, then {"open"},
then a reply to each {"do": "send"|"receive", "bytes": N}.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import uvloop

from bench.peers import STACKS, Answering, Offering
from bench.stdio import Lines, emit, errors_emitted
from p2claw.link.channel import Channel

OPEN_TIMEOUT_S = 20.0
MESSAGE_BYTES = 16_384
# Low enough to be a queue and not the transfer, high enough that no stack runs dry before it is
# received: the event of wrtc crosses a thread.
LOW_WATER_BYTES, HIGH_WATER_BYTES = 256 * 1024, 512 * 1024

_MESSAGE = bytes(MESSAGE_BYTES)


class End:
    """Fills a channel, or counts what comes out of it; the one user of that channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._to_send_bytes = 0
        self._sent = asyncio.Event()
        self._to_come_bytes = 0
        self._came = asyncio.Event()
        self._first_bytes = 0
        self._first_s = 0.0
        channel.attach(self, low_water_bytes=LOW_WATER_BYTES)

    async def send(self, total_bytes: int) -> dict[str, Any]:
        """Give so many bytes to the transport, as fast as it takes them."""
        self._to_send_bytes = total_bytes
        self._sent.clear()
        self.channel_drained()
        await self._sent.wait()
        return {"queued": total_bytes}

    async def receive(self, total_bytes: int) -> dict[str, Any]:
        """Take so many bytes. The rate is of what follows the first message, from there on."""
        self._to_come_bytes = total_bytes
        self._first_s = 0.0
        self._came.clear()
        emit({"ready": True})
        await self._came.wait()
        seconds = time.perf_counter() - self._first_s
        return {"mb_per_s": (total_bytes - self._first_bytes) / seconds / 1e6}

    def message_received(self, message: bytes) -> None:
        if not self._first_s:
            self._first_s, self._first_bytes = time.perf_counter(), len(message)
        self._to_come_bytes -= len(message)
        if self._to_come_bytes <= 0:
            self._came.set()

    def channel_drained(self) -> None:
        while self._to_send_bytes and self._channel.buffered_bytes < HIGH_WATER_BYTES:
            message = _MESSAGE[: self._to_send_bytes]
            self._to_send_bytes -= len(message)
            self._channel.send(message)
        if not self._to_send_bytes:
            self._sent.set()

    def channel_closed(self) -> None:
        emit({"error": "the channel closed"})


async def main(role: str, stack: str) -> None:
    lines = await Lines.open()
    peer: Offering | Answering
    if role == "send":
        peer = STACKS[stack].make_sender()
        emit({"sdp": await peer.offer()})
        await peer.accept((await lines.next())["sdp"])
    else:
        peer = STACKS[stack].make_receiver()
        emit({"sdp": await peer.answer((await lines.next())["sdp"])})
    end = End(await peer.channel(timeout_s=OPEN_TIMEOUT_S))
    emit({"open": True})
    while True:
        command = await lines.next()
        verb = {"send": end.send, "receive": end.receive}[command["do"]]
        emit(await verb(command["bytes"]))


if __name__ == "__main__":
    with errors_emitted():
        uvloop.run(main(*sys.argv[1:3]))
