"""The queue in front of one WebSocket, up to a limit. A socket that does not read is closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from types import TracebackType
from typing import Self

from aiohttp import web

from p2claw.config import ServerLimits
from p2claw.log import get_log

log = get_log("coordinator")

# Firefox (ESR 153) gives a page neither `open` nor the messages of a socket whose close arrives
# together with its opening. The messages would be lost.
LAST_MESSAGES_S = 0.2

# A message; a close, with its code and reason; None is a ping.
_Item = bytes | str | tuple[int, str] | None


class Outbox:
    """The queue and the writer task of one socket; `send` and `close` never wait. Used as a
    context.

    Both are there only while something waits: most boxes are idle, and of the 25 KB that
    one cost these were 5.

    If there are too many messages, or one write takes longer than its deadline, the connection is
    cut. The other end connects again, and then gets newer messages than those in the queue.
    """

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, limits: ServerLimits
    ) -> None:
        self._ws = ws
        self._transport = transport
        self._write_s = limits.write_s
        self._most = limits.outbox_messages
        self._queue: deque[_Item] | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._broken = False

    def send(self, payload: bytes | str) -> None:
        """Queue one message, binary for bytes and text for str."""
        self._put(payload)

    def ping(self) -> None:
        """Queue a ping."""
        self._put(None)

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued. Nothing that is queued later is sent."""
        self._put((code, reason))
        self._closing = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is still queued, within the deadline of one write, and end the task."""
        self._closing, was_closed = True, self._closing
        task = self._task
        if task is None:
            return
        if kind is None and was_closed and not self._ws.closed:
            await asyncio.wait({task}, timeout=self._write_s)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def _put(self, item: _Item) -> None:
        if self._closing or self._broken:
            return
        if self._queue is None:
            self._queue = deque()
            self._task = asyncio.get_running_loop().create_task(self._write_all(self._queue))
        if len(self._queue) >= self._most:
            self._cut("too many messages wait")
        else:
            self._queue.append(item)

    async def _write_all(self, queue: deque[_Item]) -> None:
        while queue:
            item = queue.popleft()
            try:
                async with asyncio.timeout(self._write_s):
                    await self._write(item)
            except TimeoutError:
                self._cut("a write took too long")
                return
            except (ConnectionError, RuntimeError):
                self._broken = True
                return  # the socket went away; its reader sees that too
        self._queue = self._task = None

    async def _write(self, item: _Item) -> None:
        if isinstance(item, bytes):
            await self._ws.send_bytes(item)
        elif isinstance(item, str):
            await self._ws.send_str(item)
        elif item is None:
            await self._ws.ping()
        else:
            code, reason = item
            await asyncio.sleep(LAST_MESSAGES_S)
            await self._ws.close(code=code, message=reason.encode())

    def _cut(self, why: str) -> None:
        self._closing = True
        log.warning("connection cut", reason=why)
        if self._transport is not None:
            self._transport.abort()
