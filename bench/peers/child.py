"""`python -m bench.peers.child send|receive STACK`: one end of a channel as a process.

It speaks JSON lines on its standard streams. Times are seconds of CLOCK_MONOTONIC, which all
processes of a machine share.

  send:     → {"description"}  ← {"description"}  → {"open"}
            ← {"seconds", "sample_s"}  → {"began"}  → {"stats", "samples"}
  receive:  ← {"description"}  → {"description"}  → {"open"}
            ← {"began", "seconds"}  → {"bytes": in each BIN_S}
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import time
from typing import Any

import uvloop

from bench.peers import STACKS, Offering
from bench.stdio import Lines, emit
from p2claw.link.channel import Channel

MESSAGE_BYTES = 16_384
LOW_WATER_BYTES, HIGH_WATER_BYTES = 256 * 1024, 512 * 1024
OPEN_TIMEOUT_S = 30
BIN_S = 0.1


class Feeder:
    """Keeps a channel's buffer filled until a time."""

    def __init__(self, channel: Channel, until: float) -> None:
        self._channel = channel
        self._until = until
        self._message = bytes(MESSAGE_BYTES)
        channel.attach(self, low_water_bytes=LOW_WATER_BYTES)
        self.channel_drained()

    def channel_drained(self) -> None:
        if time.monotonic() < self._until:
            while self._channel.buffered_bytes < HIGH_WATER_BYTES:
                self._channel.send(self._message)

    def message_received(self, message: bytes) -> None:
        sys.exit(f"the receiver sent {len(message)} bytes")

    def channel_closed(self) -> None:
        sys.exit("the receiver closed the channel")


class Counter:
    """Notes when how many bytes came."""

    def __init__(self, channel: Channel) -> None:
        self._arrivals: list[tuple[float, int]] = []
        channel.attach(self, low_water_bytes=LOW_WATER_BYTES)

    def message_received(self, message: bytes) -> None:
        self._arrivals.append((time.monotonic(), len(message)))

    def channel_drained(self) -> None:
        """Nothing is sent."""

    def channel_closed(self) -> None:
        """What came counts."""

    def bins(self, began: float, seconds: float) -> list[int]:
        """Bytes in each BIN_S from `began` on."""
        bins = [0] * round(seconds / BIN_S)
        for at, size in self._arrivals:
            number = int((at - began) / BIN_S)
            if 0 <= number < len(bins):
                bins[number] += size
        return bins


async def main(role: str, stack: str) -> None:
    lines = await Lines.open()
    await (_send if role == "send" else _receive)(stack, lines)
    await lines.next()


async def _send(stack: str, lines: Lines) -> None:
    peer = STACKS[stack].make_sender()
    emit({"description": await peer.offer()})
    await peer.accept((await lines.next())["description"])
    channel = await peer.channel(timeout_s=OPEN_TIMEOUT_S)
    emit({"open": True})
    asked = await lines.next()
    began = time.monotonic()
    emit({"began": began})
    ends = began + asked["seconds"]
    Feeder(channel, ends)
    samples = []
    while asked["sample_s"] and time.monotonic() + asked["sample_s"] < ends:
        await asyncio.sleep(asked["sample_s"])
        samples.append({"at_s": round(time.monotonic() - began, 4), **_stats(peer)})
    await asyncio.sleep(ends - time.monotonic())
    emit({"stats": _stats(peer), "samples": samples})


async def _receive(stack: str, lines: Lines) -> None:
    peer = STACKS[stack].make_receiver()
    emit({"description": await peer.answer((await lines.next())["description"])})
    counter = Counter(await peer.channel(timeout_s=OPEN_TIMEOUT_S))
    emit({"open": True})
    asked = await lines.next()
    began, seconds = float(asked["began"]), float(asked["seconds"])
    await asyncio.sleep(began + seconds + BIN_S - time.monotonic())
    emit({"bytes": counter.bins(began, seconds)})


def _stats(peer: Offering) -> dict[str, Any]:
    """What the stack reports of the path, if anything."""
    stats: Any = getattr(peer, "stats", dict)()
    return dataclasses.asdict(stats) if dataclasses.is_dataclass(type(stats)) else dict(stats)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:3]))
