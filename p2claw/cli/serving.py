"""Runs coordinator and edge in one process, joined in one aiohttp application."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass

from aiohttp import web
from prometheus_client.metrics_core import Metric

from p2claw.cli.descriptors import allow_many_sockets, sockets_at_most
from p2claw.cli.operator.api import operator_api
from p2claw.cli.operator.asking import SOCKET
from p2claw.cli.supervisor import supervised
from p2claw.config import ServerConfig
from p2claw.coord.agents import PATH as AGENTS_PATH
from p2claw.coord.app import Coordinator, add_coordinator
from p2claw.coord.bus.choosing import opened_bus
from p2claw.coord.figures import ServerFigures, server_metrics
from p2claw.coord.health import PATHS as HEALTH_PATHS
from p2claw.coord.relayed.choosing import relay_accounts, relay_clis
from p2claw.coord.relayed.relay_watch import RelayWatch
from p2claw.coord.store.choosing import open_store
from p2claw.edge.app import add_edge, example_url
from p2claw.edge.certificates import Certificates
from p2claw.edge.listener import bind, listening
from p2claw.edge.places import Places
from p2claw.garbage import look_rarely
from p2claw.log import get_log
from p2claw.metrics import Metrics, metrics_listener

log = get_log("server")

# How long the loop may keep the store's thread from the interpreter. By Python's own 5 ms, and with
# several turns for each thing that SQLite does, a busy loop let it do some 70 per second.
_SWITCH_S = 0.0005


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server. `config.listen` has the real port. places: of its sockets.

    metrics_url: where Prometheus reads its figures; "": nowhere.
    """

    config: ServerConfig
    coordinator: Coordinator
    certificates: Certificates | None
    places: Places
    metrics_url: str = ""

    @property
    def address(self) -> str:
        """Where it listens, as a URL."""
        scheme = "https" if self.certificates else "http"
        return f"{scheme}://{self.config.listen}"

    @property
    def apps(self) -> str:
        """How the address of an app looks."""
        return example_url(self.config)


@contextlib.asynccontextmanager
async def serving(config: ServerConfig) -> AsyncIterator[Serving]:
    """Run a server while the block runs; everything is closed and acknowledged data safe after it.

    Raises UsageError: the socket, the data folder, the certificate or the bootstrap is no good.
    """
    certificates = (
        Certificates(config.tls_cert, config.tls_key)
        if config.tls_cert is not None and config.tls_key is not None
        else None
    )
    bound = bind(config.listen_host, config.listen_port)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(bound.close)
        host = f"[{config.listen_host}]" if ":" in config.listen_host else config.listen_host
        config = dataclasses.replace(config, listen=f"{host}:{bound.getsockname()[1]}")
        store = await open_store(config.store, config.data_dir)
        stack.push_async_callback(store.close)
        app = web.Application()
        bus = await stack.enter_async_context(opened_bus(config.bus, config.node_listen))
        relayed = None
        source, ledger = relay_accounts(config, store)
        if source is not None and ledger is not None:
            relayed = RelayWatch(source, ledger, clis=relay_clis(config))
            stack.push_async_callback(relayed.close)
            await stack.enter_async_context(_running(relayed.run()))
        coordinator = add_coordinator(app, config, store, bus, relayed)
        if bus is not None and coordinator.node is not None:
            bus.on_message = coordinator.node.received
            bus.on_back = coordinator.node.presence.back
            await stack.enter_async_context(_running(coordinator.node.run()))
        add_edge(app, config, coordinator.server_timing.at_page)
        context = certificates.context if certificates else None
        limits = config.limits
        places = Places(sockets_at_most(limits.sockets), config.trusted_proxies)
        metrics = _metrics(coordinator, places, relayed)
        api = operator_api(coordinator.operator, metrics, config.data_dir / SOCKET)
        await stack.enter_async_context(api)
        await stack.enter_async_context(
            listening(
                app,
                bound,
                context,
                places=places,
                head_s=limits.client_head_s,
                unread_s=limits.client_unread_s,
                first=(AGENTS_PATH, *HEALTH_PATHS),
                refusal=coordinator.refusal,
            )
        )
        if certificates is not None:
            await stack.enter_async_context(_running(certificates.watch()))
        if coordinator.relays is not None:
            await stack.enter_async_context(_running(coordinator.relays.keep()))
        if coordinator.fleet is not None:
            await stack.enter_async_context(_running(coordinator.fleet.health.run()))
        metrics_url = await stack.enter_async_context(metrics_listener(config.metrics, metrics))
        yield Serving(config, coordinator, certificates, places, metrics_url)


async def serve(config: ServerConfig, ready: Callable[[Serving], None]) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reads a renewed certificate. Raises as `serving`."""
    allow_many_sockets()
    sys.setswitchinterval(_SWITCH_S)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with supervised() as supervisor, serving(config) as server:
        certificates = server.certificates
        # Without certificates there is nothing to read, and a SIGHUP must not end the server.
        loop.add_signal_handler(
            signal.SIGHUP, certificates.reload if certificates else lambda: None
        )
        log.info("listening", address=server.address, apps=server.apps)
        look_rarely(has_many=True)
        ready(server)
        supervisor.ready()
        await stop.wait()
        supervisor.stopping()
        if server.coordinator.node is not None:
            stop.clear()
            log.info("node drained", boxes=len(server.coordinator.rendezvous.boxes))
            await _unless(server.coordinator.drain(), stop)
        log.info("going down")
    log.info("stopped")


def _metrics(coordinator: Coordinator, places: Places, relayed: RelayWatch | None) -> Metrics:
    fleet = coordinator.fleet

    async def read() -> list[Metric]:
        return server_metrics(
            ServerFigures(
                is_ready=not await coordinator.health.trouble(),
                is_store_there=coordinator.is_store_there,
                boxes=len(coordinator.rendezvous.boxes),
                visits=coordinator.rendezvous.visits,
                sockets=places.in_use,
                most_sockets=places.total,
                counts=coordinator.counts,
                is_bus_there=coordinator.is_bus_there,
                nodes_direct=coordinator.nodes_direct,
                relays=() if fleet is None else fleet.facts(),
                relayed=None if relayed is None else relayed.facts(),
            )
        )

    return Metrics(read)


async def _unless(work: Coroutine[None, None, None], stop: asyncio.Event) -> None:
    """Do the work, or as much of it as there is time for until a second signal."""
    tasks = [asyncio.create_task(work), asyncio.create_task(stop.wait())]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@contextlib.asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
