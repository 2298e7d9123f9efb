"""A UDP socket that asks STUN servers, one question at a time; the doctor's alone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from dataclasses import dataclass
from types import TracebackType

from aioice import stun

Address = tuple[str, int]

# Three tries, as RFC 8489 §6.2.1 spaces the first ones.
TRIES_S = (0.5, 1.0, 2.0)

# RFC 5780 §7.2: reply from another address, from another port.
CHANGE_ADDRESS, CHANGE_PORT = 4, 2

# linux/in.h; the socket module of Python has no names for them.
_IP_MTU_DISCOVER, _IP_PMTUDISC_PROBE = 10, 3
# bsd/netinet/in.h of macOS
_IP_DONTFRAG = 28

_HEADER_BYTES = 20
_ATTRIBUTE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Reply:
    """mapped: where the server saw us. other: its other address and port (RFC 5780), if it has."""

    mapped: Address
    other: Address | None


class StunSocket:
    """Closed at the end of a `with`. fragments: whether its packets may be cut on the way."""

    def __init__(self, family: int = socket.AF_INET, *, fragments: bool = True) -> None:
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        if not fragments:
            self._keep_whole()
        self._socket.bind(("", 0))

    def __enter__(self) -> StunSocket:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def ask(
        self,
        server: Address,
        *,
        change: int = 0,
        size_bytes: int = 0,
        tries_s: tuple[float, ...] = TRIES_S,
    ) -> Reply | None:
        """Where the server sees this socket; None if it is silent.

        change: from where it is to reply. size_bytes: of the request, as UDP carries it; 0: short.
        Raises OSError if nothing can be sent there, or not so much.
        """
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        if change:
            request.attributes["CHANGE-REQUEST"] = change
        if size_bytes:
            padding_bytes = size_bytes - _HEADER_BYTES - _ATTRIBUTE_BYTES
            request.attributes["SOFTWARE"] = "p2claw doctor".ljust(padding_bytes, ".")
        loop = asyncio.get_running_loop()
        for wait_s in tries_s:
            await loop.sock_sendto(self._socket, bytes(request), server)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    while True:
                        data, _ = await loop.sock_recvfrom(self._socket, 2048)
                        reply = _read(data, request.transaction_id)
                        if reply is not None:
                            return reply
        return None

    async def reaches(self, other: StunSocket, at: Address, tries_s: tuple[float, ...]) -> bool:
        """Whether a datagram that is sent to an address comes to the other socket."""
        loop = asyncio.get_running_loop()
        sent = b"p2claw doctor %d" % self.port
        for wait_s in tries_s:
            await loop.sock_sendto(self._socket, sent, at)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    while True:
                        data, _ = await loop.sock_recvfrom(other._socket, 2048)
                        if data == sent:
                            return True
        return False

    def _keep_whole(self) -> None:
        if sys.platform == "linux":
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_PROBE)
        else:
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_DONTFRAG, 1)


def _read(datagram: bytes, transaction_id: bytes) -> Reply | None:
    try:
        message = stun.parse_message(datagram)
    except ValueError:
        return None
    mapped = message.attributes.get("XOR-MAPPED-ADDRESS")
    if message.transaction_id != transaction_id or mapped is None:
        return None
    return Reply(mapped, message.attributes.get("OTHER-ADDRESS"))
