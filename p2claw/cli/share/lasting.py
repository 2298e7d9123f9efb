"""How a shared app lives: as long as `p2claw share` runs, or for good with --keep."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import time
from typing import Any

from p2claw.agent.access.guarding import guard_to_map
from p2claw.agent.access.ledger import Guard
from p2claw.agent.home.routes import Route, route_to_map
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.demo.child import Child
from p2claw.cli.output import print_json, print_note
from p2claw.cli.share.agent import running_agent, start_agent, start_agent_for_good
from p2claw.cli.share.display import Display, JsonDisplay
from p2claw.errors import P2clawError

KEPT_S = 15.0
POLL_S = 0.1


async def share(route: Route, guard: Guard | None, at: str | None, display: Display) -> None:
    """Until a signal comes, or the app is shared no more. at: coordinator; None: the one joined."""
    stop = asyncio.Event()
    child: Child | None = None
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set() and child is not None:
            child.kill()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask)
    try:
        if not await asyncio.to_thread(running_agent, at):
            # What speaks with the agent is loaded while that starts.
            loading = asyncio.to_thread(importlib.import_module, "p2claw.cli.share.sharing")
            child, _ = await asyncio.gather(start_agent(at), loading)
        from p2claw.cli.share.sharing import Sharing

        sharing = asyncio.create_task(Sharing(route, guard, display, child).run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({sharing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if sharing.done():
            sharing.result()
            return
        sharing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sharing
    finally:
        display.close()
        if child is not None:
            if not child.has_ended and stop.is_set():
                display.event({"event": "stopping"})
            await child.end()
    display.event({"event": "ended", "app": route.app})


async def keep(route: Route, guard: Guard | None, at: str | None, display: Display) -> None:
    """Expose for good, by an agent that stays."""
    if not await asyncio.to_thread(running_agent, at):
        pid = await start_agent_for_good(at)
        if not isinstance(display, JsonDisplay):
            print_note(f"an agent runs from now on, pid {pid}; `p2claw status` shows how it is")
    client = AgentClient()
    new = {} if guard is None else {"guard": guard_to_map(guard)}
    client.ask("PUT", f"/v1/routes/{route.app}", {**route_to_map(route), **new})
    entry = await _announced(client, route.app)
    facts: dict[str, Any] = {
        "event": "kept",
        "app": route.app,
        "url": entry["url"],
        "key_url": entry["key_url"],
        "upstream": route.upstream.text,
    }
    if isinstance(display, JsonDisplay):
        print_json(facts)
    else:
        display.event({**facts, "event": "shared"})
        print_note(f"it stays exposed; `p2claw unexpose {route.app}` ends that")


async def _announced(client: AgentClient, app: str) -> dict[str, Any]:
    deadline_s = time.monotonic() + KEPT_S
    while True:
        status = await asyncio.to_thread(client.ask, "GET", "/v1/status")
        entry: dict[str, Any] = next(one for one in status["apps"] if one["app"] == app)
        if entry["url"] and status["coordinator"]["state"] == "online":
            return entry
        if time.monotonic() > deadline_s:
            raise P2clawError(
                f"The agent did not reach {status['coordinator']['url']} within {KEPT_S:g} s: "
                f"{status['coordinator']['last_error']}",
                code="agent-offline",
                hint="It goes on trying, and the app stays exposed; `p2claw status` shows more",
            )
        await asyncio.sleep(POLL_S)
