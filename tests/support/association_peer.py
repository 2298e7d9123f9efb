"""One end of a link: our SCTP association over aiortc's ICE and DTLS, on the running loop.

Descriptions carry all candidates. A packet goes through `passes` on its way, both ways, so that a
test can lose some.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any

from aiortc import RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from aiortc.rtcicetransport import RTCIceParameters
from aiortc.sdp import candidate_from_sdp, candidate_to_sdp

from p2claw.dataplane.core._sctp import Association, Event
from p2claw.link.sdp import Description, read_description, write_description

DEADLINE_S = 30
POLL_S = 0.002  # a transfer changes something with each packet


Passes = Callable[[str, bytes], bool]


class AssociationPeer:
    """Make it on the loop; `offer` and `accept`, or `answer`; always `close` it.

    events: of the association, oldest first. is_lost: DTLS has ended.
    passes: whether a packet goes on, by direction ("in", "out"). options: of the association.
    """

    def __init__(self, *, controlling: bool, **options: Any) -> None:
        self.association: Association
        self.events: list[Event] = []
        self.remote: Description
        self._options = options
        self.passes: Passes = lambda direction, packet: True
        self._certificate = RTCCertificate.generateCertificate()
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._gatherer._connection.ice_controlling = controlling
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [self._certificate])
        self._dtls._register_data_receiver(self)
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    @property
    def is_lost(self) -> bool:
        return self._dtls.state in ("closed", "failed")

    @property
    def role(self) -> str:
        """Of DTLS, once both have described themselves: client or server."""
        return str(self._dtls._role)

    async def offer(self, setup: str = "actpass") -> str:
        return await self._describe(setup)

    async def accept(self, answer: str) -> None:
        """Connect to who answered."""
        remote = read_description(answer)
        self._connect(remote, is_server=remote.setup == "active")

    async def answer(self, offer: str, setup: str = "active") -> str:
        """Connect to who offered; setup: active (DTLS client) or passive (server)."""
        remote = read_description(offer)
        answer = await self._describe(setup, mid=remote.mid)
        self._connect(remote, is_server=setup == "passive")
        return answer

    def wake(self) -> None:
        """Something was asked of the association."""
        self._wake.set()

    async def until(self, condition: Callable[[], bool], timeout_s: float = DEADLINE_S) -> None:
        """Wait until it holds."""
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise AssertionError(
                f"nothing came within {timeout_s} s; {self.events[-5:]} {self.association.stats()}"
            ) from None

    async def close(self) -> None:
        """End what still runs; the other side learns it by DTLS alone."""
        await self._dtls.stop()
        await self._ice.stop()
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _describe(self, setup: str, mid: str = "0") -> str:
        await self._gatherer.gather()
        local = self._gatherer.getLocalParameters()
        (fingerprint,) = (
            f.value for f in self._certificate.getFingerprints() if f.algorithm == "sha-256"
        )
        return write_description(
            Description(
                ufrag=str(local.usernameFragment),
                password=str(local.password),
                fingerprint=bytes.fromhex(fingerprint.replace(":", "")),
                setup=setup,
                mid=mid,
                candidates=tuple(
                    f"candidate:{candidate_to_sdp(candidate)}"
                    for candidate in self._gatherer.getLocalCandidates()
                ),
            )
        )

    def _connect(self, remote: Description, *, is_server: bool) -> None:
        self.remote = remote
        self.association = Association(server=is_server, seed=os.urandom(44), **self._options)
        self._dtls._set_role("server" if is_server else "client")
        self._dtls.on("statechange", self._on_dtls)
        self._running = asyncio.create_task(self._run(remote))

    async def _run(self, remote: Description) -> None:
        for candidate in remote.candidates:
            read = candidate_from_sdp(candidate.removeprefix("candidate:"))
            # A browser's name for its address; its first check shows the address itself.
            if not read.ip.endswith(".local"):
                await self._ice.addRemoteCandidate(read)
        await self._ice.start(RTCIceParameters(remote.ufrag, remote.password))
        fingerprint = RTCDtlsFingerprint("sha-256", remote.fingerprint.hex(":"))
        await self._dtls.start(RTCDtlsParameters(fingerprints=[fingerprint]))
        loop = asyncio.get_running_loop()
        self.association.connect(loop.time())
        while not self.is_lost:
            await self._turn(loop)

    async def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """One input, then drain, then sleep: the rule of the association."""
        self._wake.clear()
        due = self.association.next_timeout()
        if due is not None and due <= loop.time():
            self.association.handle_timeout(loop.time())
        self._drain()
        for packet in self.association.to_send(loop.time()):
            if self.passes("out", packet):
                with contextlib.suppress(ConnectionError):
                    await self._dtls._send_data(packet)
        self._changed.set()
        due = self.association.next_timeout()
        wait_s = None if due is None else max(0.0, due - loop.time())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait_s)

    def _drain(self) -> None:
        while (event := self.association.next_event()) is not None:
            self.events.append(event)

    def _on_dtls(self) -> None:
        # The last packet and the end may come in one turn of the loop.
        self._drain()
        self._changed.set()

    async def _handle_data(self, data: bytes) -> None:
        """aiortc's DTLS hands over a packet."""
        if self.passes("in", data):
            self.association.receive(data, asyncio.get_running_loop().time())
        self._wake.set()
