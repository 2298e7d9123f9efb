"""Notifies the service manager how this process is: ready, still alive, going down (sd_notify(3)).

The protocol is one datagram per message to the socket that NOTIFY_SOCKET names. No library: the one
for Python was last released in 2017, drops every error silently and has no watchdog.
Without a service manager every method does nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping, MutableMapping

_USEC = 1_000_000


class Supervisor:
    """The service manager of this process.

    Removes its variables from the environment: what this process starts is not meant by them.
    environ: where they are; None: the environment of this process.
    """

    def __init__(self, environ: MutableMapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        name = environ.pop("NOTIFY_SOCKET", "")
        watchdog_us = environ.pop("WATCHDOG_USEC", "")
        watchdog_pid = environ.pop("WATCHDOG_PID", "")
        # An @ stands for the NUL of an abstract address; nothing else is a socket of this kind.
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        if not name.startswith(("/", "@")):
            self._address = ""
        self._environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": watchdog_us}
        ours = watchdog_pid in ("", str(os.getpid()))
        self._watchdog_s = int(watchdog_us) / _USEC if ours and watchdog_us.isdecimal() else 0.0

    def ready(self) -> None:
        """Report that what this process is for can be used from now on."""
        self._send("READY=1")

    @property
    def environ(self) -> Mapping[str, str] | None:
        """By which another process in our place notifies it; None: there is no service manager."""
        return self._environ if self._address else None

    def is_main(self, pid: int) -> None:
        """Report that another process is what the manager shall keep running from now on."""
        self._send(f"MAINPID={pid}")

    def stopping(self) -> None:
        """Report that this process goes down, and may use the time it was given for that."""
        self._send("STOPPING=1")

    async def watch(self) -> None:
        """Report again and again that the loop turns, for ever; twice as often as is asked for.

        A loop that hangs sends nothing, and the manager starts the process again.
        """
        if not self._address or not self._watchdog_s:
            return
        while True:
            self._send("WATCHDOG=1")
            await asyncio.sleep(self._watchdog_s / 2)

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A manager that is restarted or full just now misses a message, and gets it again.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify,
        ):
            notify.settimeout(1.0)
            notify.sendto(message.encode(), self._address)


@contextlib.asynccontextmanager
async def supervised() -> AsyncIterator[Supervisor]:
    """The supervisor of this process, whose watchdog is fed while the block runs."""
    supervisor = Supervisor()
    watching = asyncio.create_task(supervisor.watch())
    try:
        yield supervisor
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
