"""The life of an agent: from the start, through signals, to the last request."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack

from p2claw import __version__
from p2claw.agent.daemon.apps import Apps
from p2claw.agent.daemon.parts import Parts
from p2claw.agent.daemon.state import State
from p2claw.agent.home.lock import only_agent
from p2claw.agent.local.api import Json, local_api
from p2claw.agent.local.unix_socket import local_socket
from p2claw.config import AgentConfig
from p2claw.errors import UsageError
from p2claw.link.ice.address_watch import AddressWatch
from p2claw.log import get_log
from p2claw.metrics import metrics_listener

log = get_log("agent")

# The wait after an error of our own on the control connection. Open links do not need that
# connection, so the agent goes on.
FAULT_WAIT_S = 5.0


class Agent:
    """One agent. Make it on its loop, then `run`.

    Raises UsageError and IdentityError if the home cannot be used.
    """

    def __init__(self, config: AgentConfig) -> None:
        self.parts = Parts(config)
        self.state = State(self.parts)
        self._apps = Apps(self.parts, self.state)
        self.metrics_url = ""
        """Where the metrics are read over TCP, while it runs; "": nowhere."""
        self._stop = asyncio.Event()
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
            await self._apps.load()
            stack.push_async_callback(parts.keeper.close)
            await parts.usage.load()
            stack.push_async_callback(parts.usage.close)
            listening = stack.enter_context(local_socket(parts.config.socket_path))
            stack.push_async_callback(parts.visitors.close)
            await parts.visitors.start()
            await stack.enter_async_context(local_api(self.state, self._apps, listening))
            self.metrics_url = await stack.enter_async_context(
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
            try:
                ready()
                await self._stop.wait()
            finally:
                stopping()
                for task in lasting:
                    task.cancel()
                await asyncio.wait(lasting)
                await self._drain()
        log.info("agent stopped")

    def stop(self) -> None:
        """Begin to drain; the second time, end at once."""
        (self._stop_now if self._stop.is_set() else self._stop).set()

    def reload_soon(self) -> None:
        """Read the routes again, for a signal: what goes wrong is logged."""
        task = asyncio.create_task(self._reload_and_log())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    def status(self) -> Json:
        """As of `State.status`."""
        return self.state.status()

    async def _keep_registered(self) -> None:
        while True:
            try:
                await self.parts.control.run()
            except Exception as error:
                log.fault("control connection failed", error)
            await asyncio.sleep(FAULT_WAIT_S)

    async def _drain(self) -> None:
        """Let open requests finish, for `drain_s` at most; a second `stop` ends the wait."""
        visitors, at_most_s = self.parts.visitors, self.parts.config.limits.drain_s
        log.info("agent drains", links=len(visitors), at_most_s=at_most_s)
        draining = asyncio.create_task(visitors.drain(at_most_s))
        hurry = asyncio.create_task(self._stop_now.wait())
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
) -> None:
    """Run the one agent of a home, under the signals of this process, to its end.

    ready, stopping: as of `Agent.run`. Raises UsageError, IdentityError.
    """
    with only_agent(config.lock_path):
        agent = Agent(config)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, agent.stop)
        loop.add_signal_handler(signal.SIGINT, agent.stop)
        loop.add_signal_handler(signal.SIGHUP, agent.reload_soon)
        await agent.run(lambda: ready(agent), stopping)
