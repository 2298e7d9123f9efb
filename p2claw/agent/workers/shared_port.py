"""The one UDP port of all workers: a socket for each, and what they need to share it.

The agent opens all of it and keeps it, so a worker that is started again goes on with the socket of
the one before: the port is never free meanwhile, and the order of the sockets, by which the kernel
knows them, never changes. The agent itself reads nothing from it.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import socket
import struct

import msgspec

from p2claw.agent.workers.steering import steering
from p2claw.dataplane.carrier._engine import Flows
from p2claw.link.port import port_error
from p2claw.log import get_log

log = get_log("agent")

# How soon after visitors came or moved the kernel knows it. To set a program of 1,800 flows takes
# some 5 ms, and until then workers hand datagrams over to each other.
STEER_S = 0.25

_SO_ATTACH_REUSEPORT_CBPF = 51  # asm-generic/socket.h
_IPV6_MISSING = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class Handles(msgspec.Struct, frozen=True):
    """The descriptors of one worker's end. others: for what is handed over to each place."""

    socket: int
    flows: int
    own: int
    others: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        """Each once."""
        return tuple({self.socket, self.flows, self.own, *self.others})


class SharedPort:
    """A UDP port for so many workers; port 0: any. Always `close` it.

    Raises UsageError `udp-port-taken` or `udp-port-refused`.
    """

    def __init__(self, port: int, workers: int) -> None:
        self._sockets: list[socket.socket] = []
        self._pairs = [socket.socketpair(type=socket.SOCK_DGRAM) for _ in range(workers)]
        self._flows_fd = Flows.new()
        self._flows = Flows(self._flows_fd)
        self._steered = -1
        try:
            for _ in range(workers):
                self._sockets.append(self._open(port))
                self.number: int = self._sockets[0].getsockname()[1]
                port = self.number
        except OSError as error:
            self.close()
            raise port_error(port, error) from None
        self.steer()

    def handles(self, place: int) -> Handles:
        """What the worker of this number is given."""
        return Handles(
            socket=self._sockets[place].fileno(),
            flows=self._flows_fd,
            own=self._pairs[place][0].fileno(),
            others=tuple(theirs.fileno() for _, theirs in self._pairs),
        )

    def lost(self, place: int) -> None:
        """The worker of this number has ended, and its visitors with it."""
        self._flows.clear(place)

    async def run(self) -> None:
        """Keep the kernel informed of who has which visitor, until cancelled."""
        while True:
            await asyncio.sleep(STEER_S)
            self.steer()

    def steer(self) -> bool:
        """Inform the kernel now, if anything has changed; whether it knows all."""
        changes = self._flows.changes
        if changes == self._steered:
            return True
        self._steered = changes
        flows = self._flows
        program = steering(flows.key, flows.multiplier, len(self._sockets), flows.listed())
        held = ctypes.create_string_buffer(program, len(program))
        fprog = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
        try:
            self._sockets[0].setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, fprog)
        except OSError as error:
            # The kernel's own choice stays, and workers hand over to each other what is theirs.
            log.warning("udp port not steered", error=error, instructions=len(program) // 8)
            return False
        return True

    def close(self) -> None:
        """Leave the port, once no worker runs any more."""
        for one in self._sockets:
            one.close()
        for pair in self._pairs:
            for end in pair:
                end.close()
        if self._flows_fd >= 0:
            os.close(self._flows_fd)
        self._flows_fd = -1

    def _open(self, port: int) -> socket.socket:
        """One more. The first is bound alone, so that a port which somebody else has is found
        taken, by an agent that shares its own ports too; only then may others join."""
        try:
            return self._bound(socket.AF_INET6, port)
        except OSError as error:
            if error.errno not in _IPV6_MISSING:
                raise
        return self._bound(socket.AF_INET, port)

    def _bound(self, family: socket.AddressFamily, port: int) -> socket.socket:
        made = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            if self._sockets:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            made.bind(("", port))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        except BaseException:
            made.close()
            raise
        return made
