"""Posts of a visit that come to another node than its first one: a balancer sends each where it
likes. The name of the node where a visit began is the end of its session.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable

from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.messages import Posted, PostReply
from p2claw.coord.rendezvous import RETURNING_RETRY_S
from p2claw.wire.signalling import VisitError, encode_visit

NODE_CHARS = 16
_RANDOM_BYTES = 16
_RANDOM_CHARS = 22  # 16 bytes in base64url

# How often it is looked whether the node that is waited for still lives.
_LOOK_S = 1.0
# A reply that waits for a message comes after 20 s at the latest.
_REPLY_S = 25.0

# Replies to a post, by its body.
Reply = Callable[[bytes], Awaitable[list[str]]]


def new_session(bus: Bus | None) -> str:
    """The name of a visit: nobody guesses it."""
    return secrets.token_urlsafe(_RANDOM_BYTES) + ("" if bus is None else bus.node)


class RelayedPosts:
    """reply: how this node replies to a post of a visit that began here."""

    def __init__(self, bus: Bus) -> None:
        self.reply: Reply = _nobody
        self._bus = bus
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[list[str]]] = {}
        self._replying: set[asyncio.Task[None]] = set()

    def is_elsewhere(self, session: str) -> bool:
        """Whether a visit of this name began at another node, as far as the name says."""
        is_ours = len(session) == _RANDOM_CHARS + NODE_CHARS
        return is_ours and session[-NODE_CHARS:] != self._bus.node

    async def ask(self, session: str, body: bytes) -> list[str]:
        """The messages for the visitor, from the node where its visit began."""
        node, number = session[-NODE_CHARS:], next(self._numbers)
        if await self._bus.is_gone(node):
            return [encode_visit(_GONE)]
        waiting: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._asked[number] = waiting
        self._bus.send(node, Posted(number, self._bus.node, body))
        try:
            async with asyncio.timeout(_REPLY_S):
                while not waiting.done():
                    await asyncio.wait([waiting], timeout=_LOOK_S)
                    if not waiting.done() and self._bus.gone_nodes({node}):
                        return [encode_visit(_GONE)]
                return waiting.result()
        except TimeoutError:
            return [encode_visit(_GONE)]
        finally:
            del self._asked[number]

    def posted(self, message: Posted) -> None:
        """Another node has a post of a visit that began here."""
        replying = asyncio.get_running_loop().create_task(self._reply(message))
        self._replying.add(replying)
        replying.add_done_callback(self._replying.discard)

    def replied(self, message: PostReply) -> None:
        """The node where a visit began has replied."""
        waiting = self._asked.get(message.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(message.messages)

    async def _reply(self, message: Posted) -> None:
        messages = await self.reply(message.body)
        self._bus.send(message.origin, PostReply(message.number, messages))


_GONE = VisitError("going-down", "The coordinator restarts", RETURNING_RETRY_S)


async def _nobody(body: bytes) -> list[str]:
    return []
