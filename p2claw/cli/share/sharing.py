"""Holds a share: asks the agent to expose the app, and passes on what it reports, until the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import aiohttp

from p2claw.agent.access.guarding import guard_to_map
from p2claw.agent.access.ledger import Guard
from p2claw.agent.home.routes import Route, route_to_map
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.demo.child import Child
from p2claw.cli.listening import listens
from p2claw.cli.share.display import Display
from p2claw.cli.share.news import News
from p2claw.config import AgentConfig
from p2claw.errors import P2clawError, UsageError

POLL_S = 0.5
# An agent reports twice per second.
SILENT_S = 20.0
# After this long without a URL, the reason for that is shown.
OFFLINE_S = 5.0

Facts = dict[str, Any]


class Sharing:
    """One share. child: the agent, if it was started for it."""

    def __init__(
        self, route: Route, guard: Guard | None, display: Display, child: Child | None
    ) -> None:
        self._route = route
        self._guard = guard
        self._is_fresh = True
        self._display = display
        self._child = child
        self._news = News()
        self._last: Facts = {}
        self._is_held = False

    async def run(self) -> None:
        """Share until cancelled, or until the app is unexposed. Raises P2clawError."""
        watching = asyncio.create_task(self._watch_upstream())
        offline = asyncio.create_task(self._say_offline())
        try:
            while True:
                if await self._share():
                    self._display.event({"event": "unexposed", "app": self._route.app})
                    return
                await self._wait_for_agent()
        finally:
            for task in (watching, offline):
                task.cancel()
            await asyncio.wait({watching, offline})
            if self._is_held:
                await asyncio.to_thread(self._unshare)

    async def _share(self) -> bool:
        """Pass on what the agent reports, to its end; whether that was because the app is gone."""
        with suppress(aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
            async for facts in self._reports():
                if facts["rejected"]:
                    raise P2clawError(
                        f"The coordinator refuses the name {self._route.app!r}",
                        code=facts["rejected"],
                        hint="Choose another with --name",
                    )
                if not facts["exposed"]:
                    return True
                self._last = facts
                self._pass_on(facts)
        for event in self._news.lost():
            self._display.event(event)
        return False

    def _unshare(self) -> None:
        """The agent would notice within a second; whoever pressed Ctrl-C is to find it gone."""
        with suppress(P2clawError):
            AgentClient().ask("DELETE", f"/v1/shares/{self._route.app}")

    async def _reports(self) -> AsyncIterator[Facts]:
        connector = aiohttp.UnixConnector(str(AgentConfig().socket_path))
        timeout = aiohttp.ClientTimeout(total=None, sock_read=SILENT_S)
        url = f"http://agent/v1/shares/{self._route.app}"
        entry = route_to_map(self._route)
        if self._guard is not None:
            # An agent that came back still knows who had entered.
            entry |= {"guard": guard_to_map(self._guard), "fresh": self._is_fresh}
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as client,
            client.post(url, json=entry) as response,
        ):
            if response.status != 200:
                raise _refusal(response.status, await response.json())
            self._is_held = True
            self._is_fresh = False
            while line := await response.content.readline():
                yield json.loads(line)
        self._is_held = False

    def _pass_on(self, facts: Facts) -> None:
        for event in self._news.of(facts):
            self._display.event(event)
        self._display.visitors(facts["sessions"])

    async def _wait_for_agent(self) -> None:
        """Raises P2clawError if it is gone for ever."""
        if self._child is not None:
            await self._child.ended()
            raise self._child.failure()
        self._display.event({"event": "agent-gone"})
        await _until(AgentClient().running)

    async def _watch_upstream(self) -> None:
        """Report if nothing listens yet, and when something does."""
        upstream = self._route.upstream
        if await asyncio.to_thread(listens, upstream):
            return
        self._display.event({"event": "silent", "upstream": upstream.text})
        await _until(lambda: listens(upstream))
        self._display.event({"event": "listens", "upstream": upstream.text})

    async def _say_offline(self) -> None:
        await asyncio.sleep(OFFLINE_S)
        if not self._news.shared:
            error = self._last.get("last_error")
            self._display.event({"event": "offline", "error": error})


async def _until(holds: Callable[[], bool]) -> None:
    """Nobody reports when that happens, so it is looked at again and again."""
    while True:
        if await asyncio.to_thread(holds):
            return
        await asyncio.sleep(POLL_S)


def _refusal(status: int, document: Any) -> P2clawError:
    error = document.get("error", {}) if isinstance(document, dict) else {}
    if error.get("code") == "not-found":
        return P2clawError(
            "The agent that runs is older than this program",
            code="agent-older",
            hint="End it and start it again",
        )
    kind = UsageError if status < 500 else P2clawError
    return kind(
        str(error.get("message", f"The agent responded with {status}")),
        code=str(error.get("code", "agent-error")),
        hint=str(error.get("hint", "")),
    )
