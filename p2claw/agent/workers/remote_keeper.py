"""Asks the agent about visitors of guarded apps: the worker's end of `access/keeper.py`.

A worker has no key and no password. What it was replied about a session it remembers for a moment,
and forgets it at once when the agent reports that the session has ended.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from p2claw.agent.access.question import Ask, Grant, Question, Reply
from p2claw.agent.workers.messages import Asked

# As long as a statement may be old, and more than once in a minute is not worth asking.
REMEMBER_S = 30.0
REMEMBERED = 4_096
REPLY_S = 30.0

# Sessions that ended while a reply about them may have been on its way.
ENDED = 4_096


class RemoteKeeper:
    """send: a message to the agent."""

    def __init__(self, send: Callable[[Asked], None]) -> None:
        self._send = send
        self._seq = 0
        self._awaited: dict[int, asyncio.Future[Reply]] = {}
        self._known: OrderedDict[tuple[str, str], tuple[Grant, float]] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    async def reply(self, question: Question) -> Reply:
        """The reply of the agent; `access-busy` if none comes in time."""
        if question.ask is not Ask.SESSION:
            return await self._asked(question)
        key = question.app, question.value
        grant, until_s = self._known.get(key, (None, 0.0))
        if grant is not None and time.monotonic() < until_s and time.time() < grant.until_s:
            return Reply(grant)
        self._known.pop(key, None)
        reply = await self._asked(question)
        if reply.grant is None:
            return reply
        if reply.grant.session in self._ended:
            return Reply(code="access-required")
        self._known[key] = reply.grant, time.monotonic() + REMEMBER_S
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return reply

    def replied(self, seq: int, reply: Reply) -> None:
        """The agent has replied."""
        awaited = self._awaited.get(seq)
        if awaited is not None and not awaited.done():
            awaited.set_result(reply)

    def ended(self, sessions: Iterable[str]) -> None:
        """These sessions have ended."""
        gone = frozenset(sessions)
        for key in [key for key, (grant, _) in self._known.items() if grant.session in gone]:
            del self._known[key]
        for session in gone:
            self._ended[session] = None
        while len(self._ended) > ENDED:
            self._ended.popitem(last=False)

    async def _asked(self, question: Question) -> Reply:
        self._seq += 1
        seq, awaited = self._seq, asyncio.get_running_loop().create_future()
        self._awaited[seq] = awaited
        self._send(Asked(seq, question))
        try:
            async with asyncio.timeout(REPLY_S):
                reply: Reply = await awaited
                return reply
        except TimeoutError:
            return Reply(code="access-busy", retry_s=1.0)
        finally:
            del self._awaited[seq]
