"""An agent that is a socket, a key and a few bytes: it registers, announces one app, returns pings,
and answers offers at once. Thousands of them fit into a process.

The protocol is the real one (docs/WIRE.md §11); frames are those of RFC 6455.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2claw.link.control import KEEPALIVE_S, asked_wait_s
from p2claw.wire.signalling import (
    AgentError,
    Announce,
    Announced,
    BoxAnswer,
    BoxOffer,
    Challenge,
    Register,
    Registered,
    decode_agent,
    encode_agent,
)
from p2claw.wire.signalling.signatures import REGISTER, register_payload, signed_bytes

APP = "dog"
_BINARY, _CLOSE, _PING, _PONG = 2, 8, 9, 10
# As long as that of an agent with a few candidates.
_SDP = "v=0\r\n" + "a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\r\n" * 14
_SIGNATURE = bytes(64)


class LightAgent(asyncio.Protocol):
    """on_change: called when it is registered and its app announced, and when it is lost.

    alias: once it is registered; "" before, and afterwards. invite: the code of an invitation.
    fields: more of the head of its request, each with its line end. mark: a line of its answers.
    """

    def __init__(
        self,
        key: Ed25519PrivateKey,
        audience: str,
        on_change: Callable[[LightAgent], None],
        *,
        invite: str = "",
        fields: str = "",
        mark: str = "",
    ) -> None:
        self.alias = ""
        self.refused = ""
        """The code of the error that the coordinator sent, if it did."""
        self.least_s = 0.0
        """How long to wait at least before it comes again: the server has told it so."""
        self.heard_s = time.monotonic()
        self.head = b""
        """Of the response to its request, if it had fields of its own."""
        self._invite = invite
        self._fields = fields
        self._sdp = f"{_SDP}a=mark:{mark}\r\n" if mark else _SDP
        self.is_lost = False
        self._key = key
        self._audience = audience
        self._on_change = on_change
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._upgraded = False
        self._beating: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment] # uvloop's is no subclass
        nonce = base64.b64encode(os.urandom(16)).decode()
        self._write(
            f"GET /__p2claw/v1/agent HTTP/1.1\r\nHost: {self._audience}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {nonce}\r\n{self._fields}\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.heard_s = time.monotonic()
        self._received += data
        if not self._upgraded:
            head, end, rest = bytes(self._received).partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head[:20]:
                _, _, after = head.partition(b"\r\nRetry-After: ")
                self.least_s = asked_wait_s(after.partition(b"\r\n")[0].decode())
                self.close()
                return
            self._upgraded = True
            self._received = bytearray(rest)
            if self._fields:
                self.head = head
        while (frame := self._frame()) is not None:
            self._frame_received(*frame)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self._beating is not None:
            self._beating.cancel()
        self.alias = ""
        self._on_change(self)

    def close(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _frame(self) -> tuple[int, bytes] | None:
        """One whole frame of the server, which masks none and makes no fragments."""
        buffer = self._received
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(buffer[2:4]), 4
        elif size == 127:
            size, start = int.from_bytes(buffer[2:10]), 10
        if len(buffer) < start + size:
            return None
        frame = buffer[0] & 0x0F, bytes(buffer[start : start + size])
        del buffer[: start + size]
        return frame

    def _frame_received(self, kind: int, payload: bytes) -> None:
        if kind == _PING:
            self._send(_PONG, payload)
        elif kind == _CLOSE:
            self.close()
        elif kind == _BINARY:
            match decode_agent(payload):
                case Challenge(nonce):
                    self._register(nonce)
                case Registered() as registered:
                    self.alias = registered.alias
                    self._send(_BINARY, encode_agent(Announce(1, (APP,))))
                case Announced():
                    self._beat_after(random.uniform(0, KEEPALIVE_S))  # not all at one moment
                    self._on_change(self)
                case AgentError(code):
                    self.refused = code
                case BoxOffer() as offer:
                    answer = BoxAnswer(offer.session, self._sdp, _SIGNATURE)
                    self._send(_BINARY, encode_agent(answer))
                case _:
                    pass

    def _beat_after(self, seconds: float) -> None:
        self._beating = asyncio.get_running_loop().call_later(seconds, self._beat)

    def _beat(self) -> None:
        """As an agent does: a ping after each 20 s, and the end if nothing comes for longer."""
        if time.monotonic() - self.heard_s > 1.5 * KEEPALIVE_S:
            self.close()
            return
        self._send(_PING, b"")
        self._beat_after(KEEPALIVE_S)

    def _register(self, nonce: bytes) -> None:
        now_s = int(time.time())
        payload = register_payload(nonce, now_s, self._audience)
        register = Register(
            public_key=self._key.public_key().public_bytes_raw(),
            nonce=nonce,
            time=now_s,
            audience=self._audience,
            signature=self._key.sign(signed_bytes(REGISTER, payload)),
            sw="bench/1",
            invite=self._invite,
        )
        self._send(_BINARY, encode_agent(register))

    def _send(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        head = (
            bytes((0x80 | kind, 0x80 | size))
            if size < 126
            else (bytes((0x80 | kind, 0x80 | 126)) + size.to_bytes(2))
        )
        self._write(head + bytes(4) + payload)  # a mask of zeros changes nothing

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
