"""The peer of whole-path: one stock aiortc data channel, nothing of ours in between.

`python -m bench.raw_channel send|receive` speaks JSON lines on its standard streams.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import uvloop
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

MESSAGE_BYTES = 16_384
# The same marks as our pump has, so that both feed SCTP alike.
LOW_WATER_BYTES, HIGH_WATER_BYTES = 256 * 1024, 512 * 1024


async def main(role: str) -> None:
    lines = await _stdin_lines()
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    channel = peer.createDataChannel("raw", negotiated=True, id=0)
    opened = asyncio.Event()
    channel.on("open", opened.set)
    if channel.readyState == "open":
        opened.set()
    if role == "send":
        await peer.setLocalDescription(await peer.createOffer())
        _say({"sdp": peer.localDescription.sdp})
        answer = json.loads(await lines.readline())
        await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    else:
        offer = json.loads(await lines.readline())
        await peer.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        _say({"sdp": peer.localDescription.sdp})
    await asyncio.wait_for(opened.wait(), 20)
    _say({"open": True})
    while line := await lines.readline():
        total_bytes = int(json.loads(line)["bytes"])
        if role == "send":
            await _send(channel, total_bytes)
            _say({"queued": total_bytes})
        else:
            _say(await _receive(channel, total_bytes))


async def _send(channel: RTCDataChannel, total_bytes: int) -> None:
    message = bytes(MESSAGE_BYTES)
    low = asyncio.Event()
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES
    channel.on("bufferedamountlow", low.set)
    sent_bytes = 0
    while sent_bytes < total_bytes:
        while sent_bytes < total_bytes and channel.bufferedAmount < HIGH_WATER_BYTES:
            channel.send(message[: total_bytes - sent_bytes])
            sent_bytes += min(MESSAGE_BYTES, total_bytes - sent_bytes)
        low.clear()
        if channel.bufferedAmount > LOW_WATER_BYTES:
            await low.wait()
    channel.remove_all_listeners("bufferedamountlow")


async def _receive(channel: RTCDataChannel, total_bytes: int) -> dict[str, Any]:
    got_bytes = 0
    done = asyncio.Event()
    started = time.perf_counter()

    def on_message(message: bytes) -> None:
        nonlocal got_bytes
        got_bytes += len(message)
        if got_bytes >= total_bytes:
            done.set()

    channel.on("message", on_message)
    # The first byte may not be on its way yet: this answer tells the parent to start the sender.
    _say({"ready": True})
    await done.wait()
    channel.remove_all_listeners("message")
    return {"bytes": got_bytes, "seconds": time.perf_counter() - started}


def _say(value: object) -> None:
    print(json.dumps(value), flush=True)


async def _stdin_lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
