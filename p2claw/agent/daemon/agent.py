"""The life of an agent: from the start, through signals, to the last request."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from p2claw import __version__
from p2claw.agent.daemon.apps import Apps
from p2claw.agent.daemon.handover import Heirloom, Predecessor, Successor
from p2claw.agent.daemon.keys import Keys
from p2claw.agent.daemon.parts import Parts
from p2claw.agent.daemon.state import State
from p2claw.agent.home.lock import only_agent
from p2claw.agent.local.api import Json, local_api
from p2claw.agent.local.unix_socket import local_socket
from p2claw.config import AgentConfig
from p2claw.errors import UsageError
from p2claw.link.control import ControlState
from p2claw.link.ice.address_watch import AddressWatch
from p2claw.log import get_log
from p2claw.metrics import metrics_listener

log = get_log("agent")

# The wait after an error of our own on the control connection. Open links do not need that
# connection, so the agent goes on.
FAULT_WAIT_S = 5.0

# How soon an agent that only drains notices that apps or rights of its box were changed.
FOLLOW_S = 1.0
ONLINE_LOOK_S = 0.05


class Agent:
    """One agent. Make it on its loop, then `run`.

    predecessor: the process that hands this box over to this one. heirloom: what it needs to hand
    over itself; None: it cannot. Raises UsageError and IdentityError if the home cannot be used.
    """

    def __init__(
        self,
        config: AgentConfig,
        *,
        predecessor: Predecessor | None = None,
        heirloom: Heirloom | None = None,
        lock: int = -1,
    ) -> None:
        self.parts = Parts(config)
        self.state = State(self.parts)
        self._predecessor = predecessor
        self._heirloom = heirloom
        self._lock = lock
        self._handing_over: asyncio.Task[Json] | None = None
        self._is_handed_over = False
        self._apps = Apps(self.parts, self.state, self.hand_over)
        self._keys = Keys(self.parts, lambda: self._handing_over is None)
        self.metrics_url = ""
        """Where the metrics are read over TCP, while it runs; "": nowhere."""
        self._figures = AsyncExitStack()
        self._stop = asyncio.Event()
        self._stop_soon = asyncio.Event()
        self._stop_now = asyncio.Event()
        self._reloads: set[asyncio.Task[None]] = set()

    async def run(
        self,
        ready: Callable[[], None] = lambda: None,
        stopping: Callable[[], None] = lambda: None,
    ) -> None:
        """Run until `stop` is called; then let open requests finish, for `drain_s` at most.

        ready: called once the local API accepts requests. stopping: called when open requests are
        about to finish. Raises UsageError, for example `routes-damaged`.
        """
        parts = self.parts
        async with AsyncExitStack() as stack:
            if self._predecessor is not None:
                await self._predecessor.prepared()
            await self._apps.load()
            stack.push_async_callback(parts.keeper.close)
            await parts.usage.load()
            stack.push_async_callback(parts.usage.close)
            listening = stack.enter_context(local_socket(parts.config.socket_path))
            stack.push_async_callback(parts.visitors.close)
            await parts.visitors.start()
            local = await stack.enter_async_context(AsyncExitStack())
            await local.enter_async_context(
                local_api(self.state, self._apps, self._keys, listening)
            )
            self._figures = await stack.enter_async_context(AsyncExitStack())
            self.metrics_url = await self._figures.enter_async_context(
                metrics_listener(parts.config.metrics, self.state.metrics)
            )
            log.info(
                "agent started",
                version=__version__,
                peer_id=parts.identity.peer_id,
                apps=len(parts.exposed.routes),
                coordinator=parts.config.coordinator,
            )
            watch = AddressWatch(parts.addresses_changed)
            watch.start()
            stack.callback(watch.close)
            lasting = {
                asyncio.create_task(self._keep_registered()),
                asyncio.create_task(parts.usage.run()),
            }
            if parts.mapper is not None:
                lasting.add(asyncio.create_task(parts.mapper.run()))
            if self._predecessor is not None:
                lasting.add(asyncio.create_task(self._report_to(self._predecessor)))
            try:
                ready()
                await self._stop.wait()
            finally:
                if not self._is_handed_over:
                    stopping()
                for task in lasting:
                    task.cancel()
                await asyncio.wait(lasting)
                if self._is_handed_over:
                    await local.aclose()
                    await self._drain_for_long()
                else:
                    await self._drain(parts.config.limits.drain_s, self._stop_now)
        log.info("agent stopped")

    def stop(self) -> None:
        """Begin to drain; the second time, end at once. What drains after it has handed over has
        `drain_s` from now on.
        """
        first = self._stop_soon if self._is_handed_over else self._stop
        (self._stop_now if first.is_set() else first).set()

    async def hand_over(self) -> Json:
        """Let a new process have this box, and then only drain; returns once it has.

        Raises UsageError `handover-unsupervised`, `handover-port`, `handover-running`,
        `handover-failed`: then this one goes on.
        """
        config = self.parts.config
        if self._heirloom is None:
            raise UsageError(
                "No service manager keeps this agent, which would follow the new process",
                code="handover-unsupervised",
                hint="Stop it and start it again, or `p2claw service install`",
            )
        if config.udp_port or config.map_ports:
            raise UsageError(
                "Two processes cannot have one UDP port",
                code="handover-port",
                hint="With --udp-port or --map-ports it is stopped and started again",
            )
        if self._handing_over is not None or self._stop.is_set():
            raise UsageError("This agent ends already", code="handover-running")
        # Whoever asked for it may go away meanwhile: it goes on.
        self._handing_over = asyncio.create_task(self._hand_over(self._heirloom))
        return await asyncio.shield(self._handing_over)

    async def _hand_over(self, heirloom: Heirloom) -> Json:
        parts = self.parts
        try:
            successor = await Successor.begin(heirloom, self._lock)
        except BaseException:
            self._handing_over = None
            raise
        log.info("agent hands over", pid=successor.pid, links=len(parts.visitors))
        parts.control.let_end()
        await self._figures.aclose()
        await parts.keeper.retire()
        if not await successor.go():
            # The files are nobody's now: the service manager starts an agent anew.
            log.error("agent not handed over", pid=successor.pid)
            await successor.give_up()
            self._stop.set()
            raise UsageError(
                "The new process ended before it listened; this one ends, to be started again",
                code="handover-failed",
                hint="`p2claw service logs` shows why",
            )
        heirloom.is_main(successor.pid)
        is_online = await successor.online()
        self._is_handed_over = True
        self._stop.set()
        return {"pid": successor.pid, "links": len(parts.visitors), "online": is_online}

    async def _report_to(self, predecessor: Predecessor) -> None:
        await predecessor.ready()
        while self.parts.control.state is not ControlState.ONLINE:  # noqa: ASYNC110 - no event
            await asyncio.sleep(ONLINE_LOOK_S)
        await predecessor.online()

    def reload_soon(self) -> None:
        """Read the routes again, for a signal: what goes wrong is logged."""
        task = asyncio.create_task(self._reload_and_log())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    def status(self) -> Json:
        """As of `State.status`."""
        return self.state.status()

    async def _keep_registered(self) -> None:
        control = self.parts.control
        while not control.has_ended():
            try:
                await control.run()
            except Exception as error:
                log.fault("control connection failed", error)
                await asyncio.sleep(FAULT_WAIT_S)

    async def _drain_for_long(self) -> None:
        """Let the requests finish that a new process does not know; a `stop` shortens that."""
        limits = self.parts.config.limits
        following = asyncio.create_task(self._follow())
        hurrying = asyncio.create_task(self._hurry_after(limits.drain_s))
        try:
            await self._drain(limits.handover_s, self._stop_now)
        finally:
            for task in (following, hurrying):
                task.cancel()
            await asyncio.wait({following, hurrying})

    async def _hurry_after(self, at_most_s: float) -> None:
        await self._stop_soon.wait()
        await asyncio.sleep(at_most_s)
        self._stop_now.set()

    async def _follow(self) -> None:
        """See what is changed by the new process: whom it puts out, and which apps are gone."""
        parts = self.parts
        path, before = parts.config.routes_path, None
        while True:
            await asyncio.sleep(FOLLOW_S)
            with suppress(UsageError):
                await parts.keeper.follow()
            with suppress(OSError, UsageError):
                facts = path.stat()
                if before != (before := (facts.st_ino, facts.st_mtime_ns)):
                    await parts.exposed.load()

    async def _drain(self, at_most_s: float, hurried: asyncio.Event) -> None:
        """Let open requests finish, for so long at most; a second `stop` ends the wait."""
        visitors = self.parts.visitors
        log.info("agent drains", links=len(visitors), at_most_s=at_most_s)
        draining = asyncio.create_task(visitors.drain(at_most_s))
        hurry = asyncio.create_task(hurried.wait())
        await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, hurry):
            task.cancel()
        await asyncio.wait({draining, hurry})
        await visitors.close()

    async def _reload_and_log(self) -> None:
        try:
            await self._apps.reload()
        except UsageError as error:
            log.error("routes not reloaded", code=error.code, error=error.message)


async def run_agent(
    config: AgentConfig,
    ready: Callable[[Agent], None],
    stopping: Callable[[], None] = lambda: None,
    heirloom: Heirloom | None = None,
) -> None:
    """Run the one agent of a home, under the signals of this process, to its end.

    ready, stopping: as of `Agent.run`; heirloom: as of `Agent`. Raises UsageError, IdentityError.
    """
    predecessor = Predecessor.of_environment()
    inherited = None if predecessor is None else predecessor.lock
    with only_agent(config.lock_path, inherited) as lock:
        agent = Agent(config, predecessor=predecessor, heirloom=heirloom, lock=lock)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, agent.stop)
        loop.add_signal_handler(signal.SIGINT, agent.stop)
        loop.add_signal_handler(signal.SIGHUP, agent.reload_soon)
        await agent.run(lambda: ready(agent), stopping)
