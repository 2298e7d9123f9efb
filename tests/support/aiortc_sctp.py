"""aiortc's own SCTP over a DTLS transport that is not there: packets go to a callback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiortc import RTCDataChannel
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport
from pyee.asyncio import AsyncIOEventEmitter

from p2claw.dataplane._sctp import Association, Event


class _IceTransport:
    role = "controlling"


class NoDtls(AsyncIOEventEmitter):
    """As much of RTCDtlsTransport as RTCSctpTransport asks for."""

    def __init__(self, role: str, send: Callable[[bytes], None]) -> None:
        super().__init__()
        self.state = "new"
        self.transport = _IceTransport()
        self._role = role
        self._send = send
        self._receiver: Any = None

    def _register_data_receiver(self, receiver: Any) -> None:
        self._receiver = receiver

    def _unregister_data_receiver(self, receiver: Any) -> None:
        self._receiver = None

    async def _send_data(self, data: bytes) -> None:
        self._send(data)

    async def deliver(self, data: bytes) -> None:
        if self._receiver is not None:
            await self._receiver._handle_data(data)


class Against:
    """One association of ours against one of aiortc's, in memory, on the running loop's clock."""

    def __init__(self, association: Association, *, ours_is_server: bool) -> None:
        self.ours = association
        self.events: list[Event] = []
        self.channels: list[RTCDataChannel] = []
        self.received: list[str | bytes] = []  # by aiortc
        self._to_us: list[bytes] = []
        self._wake = asyncio.Event()
        self._dtls = NoDtls("client" if ours_is_server else "server", self._from_theirs)
        self.theirs = RTCSctpTransport(self._dtls)
        self.theirs.on("datachannel", self._on_channel)
        self._task: asyncio.Task[None] | None = None

    def _from_theirs(self, packet: bytes) -> None:
        self._to_us.append(packet)
        self._wake.set()

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self.watch(channel)
        self.channels.append(channel)

    def watch(self, channel: RTCDataChannel) -> None:
        channel.on("message", self.received.append)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self.ours.connect(loop.time())
        await self.theirs.start(RTCSctpCapabilities(maxMessageSize=262144), 5000)
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            packets, self._to_us = self._to_us, []
            for packet in packets:
                self.ours.receive(packet, now)
            timeout = self.ours.next_timeout()
            if timeout is not None and timeout <= now:
                self.ours.handle_timeout(now)
            while event := self.ours.next_event():
                self.events.append(event)
            for packet in self.ours.to_send(now):
                await self._dtls.deliver(packet)
            await asyncio.sleep(0)
            timeout = self.ours.next_timeout()
            wait = 1.0 if timeout is None else max(0.0, timeout - loop.time())
            if self._to_us:
                continue
            self._wake.clear()
            try:
                async with asyncio.timeout(min(wait, 1.0)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def wake(self) -> None:
        """Something was asked of our side."""
        self._wake.set()

    async def until(self, condition: Callable[[], bool], limit_s: float = 30.0) -> None:
        self.wake()
        async with asyncio.timeout(limit_s):
            while not condition():  # noqa: ASYNC110 - aiortc has no event for most of it
                await asyncio.sleep(0.002)

    async def stop(self) -> None:
        await self.theirs.stop()
        if self._task is not None:
            self._task.cancel()
