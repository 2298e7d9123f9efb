"""Figures of a program for Prometheus: how they are written, and read over TCP.

Which figures there are is in `agent/local/figures.py` and `coord/figures.py`. Over TCP there is no
telling who asks, so a program listens for that only where its owner says.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client import ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from p2claw.config import parse_listen
from p2claw.errors import UsageError
from p2claw.names import host_of, is_address
from p2claw.shared_reading import SharedReading

PATH = "/metrics"

# For so long the figures hold, however many ask: with workers, each reading asks all of them.
FRESH_S = 1.0
SHUTDOWN_S = 1.0

Read = Callable[[], Awaitable[Iterable[Metric]]]


class _Snapshot(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = tuple(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class Metrics:
    """The figures of one program, and those of its process. read: returns the program's own."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._process = ProcessCollector(registry=None)
        self._shared = SharedReading(self._snapshot, FRESH_S)

    async def respond(self, request: web.Request) -> web.Response:
        """The figures, in the format that is asked for: Prometheus' own, or OpenMetrics."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        body = encode(await self._shared.value())
        fields = {"Content-Type": content_type, "Cache-Control": "no-store"}
        return web.Response(body=body, headers=fields)

    async def _snapshot(self) -> Collector:
        return _Snapshot([*await self._read(), *self._process.collect()])


@contextlib.asynccontextmanager
async def metrics_listener(address: str, metrics: Metrics) -> AsyncIterator[str]:
    """Serve `PATH` and nothing else at `host:port` while the block runs, which gets the URL.

    address: "" is nowhere, and the URL too. Raises UsageError `listen-invalid`, `metrics-failed`.
    """
    if not address:
        yield ""
        return
    host, port = parse_listen(address)
    application = web.Application(middlewares=[_named(host.lower())])
    application.router.add_get(PATH, metrics.respond)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host or None, port).start()
        except OSError as error:
            raise UsageError(
                f"No figures can be served at {address}: {error.strerror or error}",
                code="metrics-failed",
                hint="Another program may have the port; name another with --metrics",
            ) from None
        shown, at = runner.addresses[0][:2]
        yield f"http://{f'[{shown}]' if ':' in shown else shown}:{at}{PATH}"
    finally:
        await runner.cleanup()


def _named(own: str) -> Middleware:
    """Middleware: serves who names the address, this machine or `own`, and no other name.

    So no page in a browser on this machine reads the figures under a name of its own that it lets
    lead here (DNS rebinding).
    """

    @web.middleware
    async def named(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        name = host_of(request.headers.get("Host", ""))
        if name not in ("localhost", own) and not is_address(name):
            text = "Ask by address, or by the name that --metrics has.\n"
            return web.Response(status=421, text=text)
        return await handler(request)

    return named
