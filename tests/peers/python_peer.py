"""A peer in Python: `python -m tests.peers.python_peer aiortc|wrtc`, one JSON command a line on
standard input, one JSON reply per line on standard output. remote.py is the other side.

wrtc speaks aiortc's interface too, so that both are the same lines.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

from tests.peers.pattern import Message, Sum, message_bytes, sum_of

STACKS = {"aiortc": "aiortc", "wrtc": "webrtc.aiortc"}
HIGH_WATER_BYTES = 4 * 2**20
POLL_S = 0.004
LINE_LIMIT = 2**24


class Channel:
    """One data channel, and what came on it."""

    def __init__(self, dc: Any) -> None:
        self.dc = dc
        self.messages: list[str | bytes] = []
        dc.on("message", self.messages.append)

    def terms(self) -> dict[str, object]:
        names = ("id", "protocol", "ordered", "maxRetransmits", "maxPacketLifeTime", "negotiated")
        return {name: getattr(self.dc, name) for name in names}

    async def send(self, messages: list[Message]) -> None:
        for message in messages:
            await until(lambda: self.dc.bufferedAmount < HIGH_WATER_BYTES)
            data = message_bytes(message)
            self.dc.send(data.decode() if message[0] == "text" else data)
            await asyncio.sleep(0)


class Peer:
    """One end of a link. Each public method is a command."""

    def __init__(self, stack: Any) -> None:
        self._stack = stack
        self._connection: Any = None
        self._channels: list[Channel] = []

    async def start(self) -> None:
        await self.end()
        self._channels = []
        configuration = self._stack.RTCConfiguration(iceServers=[])
        self._connection = self._stack.RTCPeerConnection(configuration)
        self._connection.on("datachannel", lambda dc: self._channels.append(Channel(dc)))

    async def offer(self) -> str:
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return str(self._connection.localDescription.sdp)

    async def answer(self, sdp: str) -> str:
        await self._remote(sdp, "offer")
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return str(self._connection.localDescription.sdp)

    async def accept(self, sdp: str) -> None:
        await self._remote(sdp, "answer")

    async def open(self, label: str, **terms: Any) -> int:
        self._channels.append(Channel(self._connection.createDataChannel(label, **terms)))
        return len(self._channels) - 1

    async def find(self, label: str) -> dict[str, object]:
        """Wait until a channel of this label is open."""
        found: list[int] = []

        def is_open() -> bool:
            for place, channel in enumerate(self._channels):
                if channel.dc.label == label and channel.dc.readyState == "open":
                    found.append(place)
            return bool(found)

        await until(is_open)
        return {"channel": found[0], **self._channels[found[0]].terms()}

    async def send(self, channel: int, messages: list[Message]) -> None:
        await self._channels[channel].send(messages)

    async def received(self, channel: int, count: int) -> list[tuple[str, int, str]]:
        """Wait for so many messages, and hand over what each was."""
        messages = self._channels[channel].messages
        await until(lambda: len(messages) >= count)
        kinds = ["text" if isinstance(message, str) else "binary" for message in messages]
        return [
            (kind, *sum_of([_bytes_of(message)]))
            for kind, message in zip(kinds, messages, strict=True)
        ]

    async def digest(self, channel: int, size: int) -> Sum:
        """Wait for so many bytes, and hand over what they were together."""
        messages = self._channels[channel].messages
        await until(lambda: sum(map(len, messages)) >= size)
        return sum_of(map(_bytes_of, messages))

    async def closed(self, channel: int) -> None:
        await until(lambda: self._channels[channel].dc.readyState == "closed")

    async def close(self, channel: int) -> None:
        self._channels[channel].dc.close()

    async def end(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _remote(self, sdp: str, kind: str) -> None:
        description = self._stack.RTCSessionDescription(sdp=sdp, type=kind)
        await self._connection.setRemoteDescription(description)


def _bytes_of(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


async def until(condition: Callable[[], bool]) -> None:
    """Who asks has the deadline."""
    while not condition():  # noqa: ASYNC110 - the two stacks share no events for all of it
        await asyncio.sleep(POLL_S)


async def main(stack: str) -> None:
    peer = Peer(importlib.import_module(STACKS[stack]))
    lines = asyncio.StreamReader(limit=LINE_LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tasks: set[asyncio.Task[None]] = set()
    while line := await lines.readline():
        task = asyncio.create_task(_reply(peer, json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await peer.end()


async def _reply(peer: Peer, command: dict[str, Any]) -> None:
    number, name = command.pop("number"), command.pop("do")
    try:
        reply = {"ok": await getattr(peer, name)(**command)}
    except Exception as error:
        reply = {"error": repr(error)}
    print(json.dumps({"number": number, **reply}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
