"""How an agent hands its box over to a new process of the same program, and then only drains.

Both run beside each other meanwhile: the new one registers, to which the coordinator then leads all
visitors, and the old one keeps its links until their requests have ended. They speak over a socket
pair that the new process inherits together with the lock of the home:

    new  ``prepared``   it could start: its options and its key are good, its port is open
    old  ``go``         the files of the home, its socket and its name are yours from now on
    new  ``ready``      it listens where the old one did
    new  ``online``     the coordinator leads visitors to it
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from p2claw.errors import UsageError
from p2claw.log import get_log

log = get_log("agent")

VARIABLE = "P2CLAW_HANDOVER"

# A machine that is busy takes a while to load the program. Nothing has changed until then.
PREPARE_S = 60.0
# If the new process does not listen by then, the service manager has to start one. With workers
# that took 16 s on a machine with 13 processes waiting for each core.
READY_S = 60.0
# If the coordinator cannot be reached nobody comes online: the old one drains all the same.
ONLINE_S = 20.0

_WORD_BYTES = 16


@dataclass(frozen=True, slots=True)
class Heirloom:
    """What an agent needs to be able to hand over.

    environ: what a new process needs beside the environment of this one, to be kept by the same
    service manager. is_main: called with the pid of the new process once it has everything.
    """

    environ: Mapping[str, str]
    is_main: Callable[[int], None]


class Successor:
    """The new process, as the old one sees it. Make it by `begin`."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self._process = process
        self._line = line

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def begin(cls, heirloom: Heirloom, lock: int) -> Successor:
        """Start it, and wait until it could go on. lock: the descriptor of the lock of the home.

        Raises UsageError `handover-failed`; then nothing has changed.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            descriptors = (theirs.fileno(), lock)
            environ = {**os.environ, **heirloom.environ}
            environ[VARIABLE] = ":".join(map(str, descriptors))
            # Its output is where ours is: the journal.
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *sys.orig_argv[1:]),
                env=environ,
                pass_fds=descriptors,
                stdin=asyncio.subprocess.DEVNULL,
            )
        made = cls(process, ours)
        if await made._hears("prepared", PREPARE_S):
            return made
        await made.give_up()
        raise UsageError(
            "The new process did not start; this one goes on",
            code="handover-failed",
            hint="`p2claw service logs` shows why; `p2claw config check` looks at the options",
        )

    async def go(self) -> bool:
        """Let it have everything; returns whether it listens in this one's place."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(self._line, b"go\n")
        return await self._hears("ready", READY_S)

    async def online(self) -> bool:
        """Wait until the coordinator knows it, for ONLINE_S at most; returns whether it does."""
        return await self._hears("online", ONLINE_S)

    async def give_up(self) -> None:
        """End it."""
        self._line.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _hears(self, word: str, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                return await _received(self._line) == word
        except (TimeoutError, OSError):
            return False


class Predecessor:
    """The old process, as the new one sees it. lock: the descriptor of the lock, which is ours."""

    def __init__(self, line: socket.socket, lock: int) -> None:
        self._line = line
        self._line.setblocking(False)
        self.lock = lock

    @classmethod
    def of_environment(cls) -> Predecessor | None:
        """The one that started this process; None: somebody else did."""
        descriptors = os.environ.pop(VARIABLE, "")
        if not descriptors:
            return None
        line, lock = map(int, descriptors.split(":"))
        for descriptor in (line, lock):
            os.set_inheritable(descriptor, False)
        return cls(socket.socket(fileno=line), lock)

    async def prepared(self) -> None:
        """This process could start; wait until it may. Raises UsageError `handover-failed`."""
        word = ""
        with contextlib.suppress(OSError):
            await self._send("prepared")
            word = await _received(self._line)
        if word != "go":
            raise UsageError("The process before this one has ended", code="handover-failed")

    async def ready(self) -> None:
        with contextlib.suppress(OSError):
            await self._send("ready")

    async def online(self) -> None:
        """The last word."""
        with contextlib.suppress(OSError):
            await self._send("online")
        self._line.close()

    async def _send(self, word: str) -> None:
        await asyncio.get_running_loop().sock_sendall(self._line, f"{word}\n".encode())


async def _received(line: socket.socket) -> str:
    """The next word; "": the other side is gone."""
    word, loop = b"", asyncio.get_running_loop()
    while not word.endswith(b"\n") and len(word) < _WORD_BYTES:
        piece = await loop.sock_recv(line, 1)
        if not piece:
            return ""
        word += piece
    return word.decode("ascii", "replace").strip()
