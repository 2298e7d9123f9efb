"""Accepts connections, as long as there is a place for them (`places.py`).

A connection without a place is closed before a byte of it is read: that costs the server no more
than the flood costs who makes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Callable

from p2claw.edge.connection import Connection, Refusal, refuses_nobody
from p2claw.edge.places import Place, Places
from p2claw.log import get_log

log = get_log("edge")

# So many connections are accepted before anything else gets its turn; those that are closed again
# at once cost a twentieth of the others.
_AT_ONCE = 64
_SERVED_AT_ONCE = 8
# How long to wait if the system gives no descriptor.
_PAUSE_S = 0.2
# A spell of refusals is over when nobody has been refused for so long.
_QUIET_S = 10.0
_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

# A head of HTTP is mostly shorter.
_PEEK_BYTES = 2_048

# Makes the protocol of a connection: whether it has one of the last places, what to call at its
# end, and where it comes from.
Make = Callable[[bool, Callable[[], None], str], Connection]


class Front:
    """The accepting end of a listening socket. handshake_s: how long TLS may take to begin.

    refusal: asked with the first bytes of a connection that has sent some already, before anything
    is made for it; without TLS alone.
    """

    def __init__(
        self,
        bound: socket.socket,
        context: ssl.SSLContext | None,
        places: Places,
        make: Make,
        *,
        handshake_s: float,
        refusal: Refusal = refuses_nobody,
    ) -> None:
        self._bound = bound
        self._context = context
        self._places = places
        self._make = make
        self._handshake_s = handshake_s
        self._refusal = refusal
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._refused = 0
        self._quiet: asyncio.TimerHandle | None = None
        self._pause: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to accept."""
        self._bound.setblocking(False)
        self._loop.add_reader(self._bound, self._accept_some)

    async def stop(self) -> None:
        """Accept nothing more. Connections that are open stay."""
        self._loop.remove_reader(self._bound)
        for timer in (self._quiet, self._pause):
            if timer is not None:
                timer.cancel()
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _accept_some(self) -> None:
        served = 0
        for _ in range(_AT_ONCE):
            try:
                accepted, address = self._bound.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _NO_DESCRIPTOR:
                    self._refuse("no-descriptor")
                    self._rest()
                return
            host = address[0]
            place = self._places.hold(host)
            if place is Place.NONE:
                accepted.close()
                self._refuse("full" if self._places.in_use >= self._places.total else "share")
                continue
            accepted.setblocking(False)
            if self._context is None and self._is_refused(accepted, host):
                self._places.release(host)
                continue
            if place is Place.LAST:
                self._refuse("nearly-full")
            task = self._loop.create_task(self._open(accepted, host, place))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
            served += 1
            if served == _SERVED_AT_ONCE:
                return

    async def _open(self, accepted: socket.socket, host: str, place: Place) -> None:
        held = True

        def release() -> None:
            nonlocal held
            if held:
                held = False
                self._places.release(host)

        with contextlib.suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await self._loop.connect_accepted_socket(
                lambda: self._make(place is Place.LAST, release, host),
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=self._handshake_s if self._context else None,
            )
        except (OSError, ssl.SSLError, TimeoutError):
            release()  # it went away, or its handshake failed: the fault of the other end
            accepted.close()
        except asyncio.CancelledError:
            release()
            accepted.close()
            raise

    def _is_refused(self, accepted: socket.socket, host: str) -> bool:
        try:
            reply = self._refusal(accepted.recv(_PEEK_BYTES, socket.MSG_PEEK), host)
            if reply is None:
                return False
            # What is closed with bytes unread resets the connection, and the reply with it.
            accepted.recv(_PEEK_BYTES)
            accepted.send(reply)
        except BlockingIOError:
            return False  # nothing has come so far
        except OSError:
            pass  # it has gone already
        accepted.close()
        return True

    def _rest(self) -> None:
        self._loop.remove_reader(self._bound)
        self._pause = self._loop.call_later(
            _PAUSE_S, self._loop.add_reader, self._bound, self._accept_some
        )

    def _refuse(self, reason: str) -> None:
        """Log the first of a spell, and its end: a flood does not fill the log."""
        self._refused += 1
        if self._quiet is None:
            log.warning("sockets refused", reason=reason, open=self._places.in_use)
        else:
            self._quiet.cancel()
        self._quiet = self._loop.call_later(_QUIET_S, self._over)

    def _over(self) -> None:
        self._quiet = None
        log.info("sockets refused no more", refused=self._refused, open=self._places.in_use)
        self._refused = 0
