"""The least that serves a visitor: one key, one registration, one link per visitor.

The agent does this for people; a visitor is tested without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from p2claw.link.box_peer import BoxPeer
from p2claw.link.control import ControlConnection, ControlSocket
from p2claw.link.handling import Handler
from p2claw.link.pump import Pump
from p2claw.names import peer_id_of
from p2claw.wire.frames.hello import Role
from p2claw.wire.session.session import Session
from p2claw.wire.signalling import (
    Announce,
    Announced,
    BoxAnswer,
    BoxCandidate,
    BoxOffer,
    Challenge,
    Register,
    Registered,
    decode_agent,
    encode_agent,
)
from p2claw.wire.signalling.signatures import (
    ANSWER,
    REGISTER,
    answer_payload,
    register_payload,
    signed_bytes,
)


@dataclass
class MinimalBox:
    """A box while it is online. pumps: one a link, in the order of the visits."""

    handler: Handler
    audience: str
    private_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    registered: Registered | None = None
    online: asyncio.Event = field(default_factory=asyncio.Event)
    peers: dict[str, BoxPeer] = field(default_factory=dict)
    pumps: list[Pump] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def public_key(self) -> bytes:
        return self.private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def peer_id(self) -> str:
        return peer_id_of(self.public_key)

    def sign(self, purpose: str, payload: bytes) -> bytes:
        return self.private_key.sign(signed_bytes(purpose, payload))

    async def serve(self, socket: ControlSocket) -> None:
        while True:
            match decode_agent(await socket.receive(timeout_s=30)):
                case Challenge(nonce=nonce):
                    now = int(time.time())
                    signature = self.sign(REGISTER, register_payload(nonce, now, self.audience))
                    register = Register(self.public_key, nonce, now, self.audience, signature)
                    await socket.send(encode_agent(register))
                case Registered() as registered:
                    self.registered = registered
                    socket.settled()
                    await socket.send(encode_agent(Announce(1, ("dog",))))
                case Announced():
                    self.online.set()
                case BoxOffer() as offer:
                    task = asyncio.create_task(self.answer(socket, offer))
                    self.tasks.add(task)
                    task.add_done_callback(self.tasks.discard)
                case BoxCandidate(session=session, candidate=candidate, mid=mid):
                    if session in self.peers:
                        self.peers[session].add_candidate(candidate, mid)
                case _:
                    pass

    async def answer(self, socket: ControlSocket, offer: BoxOffer) -> None:
        peer = self.peers[offer.session] = BoxPeer()
        try:
            sdp = await peer.answer(offer.sdp)
            payload = answer_payload(offer.session, offer.sdp, peer.fingerprint)
            answer = BoxAnswer(offer.session, sdp, self.sign(ANSWER, payload))
            await socket.send(encode_agent(answer))
            channel = await peer.channel(timeout_s=20)
            pump = Pump(Session(Role.BOX), channel, handler=self.handler)
            self.pumps.append(pump)
            pump.start()
            await pump.wait_closed()
        finally:
            await peer.close()


@contextlib.asynccontextmanager
async def minimal_box(
    handler: Handler, *, port: int, private_key: Ed25519PrivateKey | None = None
) -> AsyncIterator[MinimalBox]:
    """A box with one app, `dog`, registered at the coordinator on a port of loopback."""
    audience = f"127.0.0.1:{port}"
    box = MinimalBox(handler, audience, private_key or Ed25519PrivateKey.generate())
    control = ControlConnection(f"ws://{audience}/__p2claw/v1/agent", box.serve)
    running = asyncio.create_task(control.run())
    try:
        async with asyncio.timeout(20):
            await box.online.wait()
        yield box
    finally:
        running.cancel()
        for task in box.tasks:
            task.cancel()
        await asyncio.wait([running, *box.tasks])
