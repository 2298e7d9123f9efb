"""The stage of the first-byte bench: three hosts of the laboratory and a visitor on one of them.

Coordinator, edge, STUN and the peer, nginx, are on the server, all of them with TLS 1.3; the app is
beside the agent on the box.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from bench.path import bench_folder
from bench.wan.network import Direction
from p2claw.errors import P2clawError
from tests.lab.host import Host
from tests.lab.laboratory import SERVER_ADDRESSES, laboratory
from tests.lab.services import TURN_PORT, relay
from tests.lab.wiring import Line
from tests.support import namespaces
from tests.support.agent import AgentProcess, agent_process
from tests.support.browser import Browser, BrowserError, Kind
from tests.support.certificates import write_certificate
from tests.support.nginx import nginx
from tests.support.server import server_process

PARENT = "p2claw.test"
SERVER = SERVER_ADDRESSES[0]
PEER_PORT = 8443
APP_BYTES = 1_000
_TLS = """
listen {address}:{port} ssl;
ssl_certificate {folder}/cert.pem;
ssl_certificate_key {folder}/key.pem;
ssl_protocols TLSv1.3;
"""
# What may be reused without asking is no visit.
_ALWAYS_ASKED = "location = /index.html { add_header Cache-Control no-store; }"
# Chromium names its addresses by mDNS, which no other host here could resolve.
_CHROMIUM = (
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--ignore-certificate-errors",
    f"--host-resolver-rules=MAP *.{PARENT} {SERVER}",
)
_FIREFOX: dict[str, bool | int | str] = {
    "network.dns.forceResolve": SERVER,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
}
_names = itertools.count(1)

# A browser, or `p2claw fetch`.
By = Kind | Literal["fetch"]
BYS: tuple[By, ...] = (*get_args(Kind), "fetch")


@dataclass(frozen=True, slots=True)
class Scene:
    """by: who visits. visitor, box: hosts. upstream: the app's address on the box.

    browser: None if no browser visits. folder: for what visitors remember.
    """

    by: By
    rtt_ms: float
    loss_percent: float
    visitor: Host
    box: Host
    browser: Browser | None
    folder: Path
    agent: AgentProcess
    upstream: str
    exposed: list[str] = field(default_factory=list)

    async def fresh_url(self) -> str:
        """Of an app whose origin the browser has never seen."""
        name = f"first{next(_names)}"
        await self.box.run(self.agent.api.expose(name, self.upstream))
        await self.box.run(self.agent.api.online())
        apps = (await self.box.run(self.agent.api.get("/v1/status")))["apps"]
        return str(next(app["url"] for app in apps if app["app"] == name))

    def fresh_peer_url(self) -> str:
        """Of nginx, by a name that the browser has never seen."""
        return f"https://direct{next(_names)}.{PARENT}:{PEER_PORT}/"

    def forget_connections(self) -> None:
        """End every TCP connection of the visitor, as minutes between two visits would."""
        ss = namespaces.program("ss")
        namespaces.run(*namespaces.inside(self.visitor.name), ss, "-K", "-t", "dst", SERVER)


@contextlib.asynccontextmanager
async def first_byte_scene(
    by: By, *, rtt_ms: float, loss_percent: float, nat: str, public: bool
) -> AsyncIterator[Scene]:
    """public: no NAT is in front of the box, and it says where it is.

    Raises UsageError where the network cannot be made, P2clawError `browser-failed`.
    """
    # A path has two lines, and each direction of a line has a quarter of the round trip; of two
    # losses of half each hardly more than the whole is lost.
    direction = Direction(delay_ms=rtt_ms / 4, loss_percent=loss_percent / 2)
    line = Line(direction, direction)
    with bench_folder() as folder, _trusted(folder):
        async with AsyncExitStack() as stage:
            lab = await stage.enter_async_context(laboratory(line))
            box = await lab.host("box", "none" if public else nat, line)
            options = ("--public-address", box.address) if public else ()
            visitor = await lab.host("visitor", nat, line)
            await _serve(stage, lab.server, folder)
            upstream = await _site(stage, box, folder / "app", "")
            agent = await stage.enter_async_context(
                box.hold(agent_process(folder / "home", f"https://{SERVER}", *options))
            )
            await box.run(agent.api.online())
            browser = None
            if by != "fetch":
                browser = await visitor.run(_browser(by, folder / "browser"))
            try:
                yield Scene(
                    *(by, rtt_ms, loss_percent, visitor, box, browser, folder, agent, upstream)
                )
            except BrowserError as error:
                raise P2clawError(str(error), code="browser-failed") from error
            finally:
                if browser is not None:
                    await visitor.run(browser.close())


@contextlib.contextmanager
def _trusted(folder: Path) -> Iterator[None]:
    """A certificate for all, which the agent trusts while the block runs."""
    write_certificate(folder, PARENT, names=(f"*.{PARENT}",), addresses=(SERVER,))
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(folder / "cert.pem")
    try:
        yield
    finally:
        del os.environ["SSL_CERT_FILE"]
        if before is not None:
            os.environ["SSL_CERT_FILE"] = before


async def _serve(stage: AsyncExitStack, server: Host, folder: Path) -> None:
    """Coordinator with edge, STUN, and nginx."""
    await stage.enter_async_context(server.hold(relay(folder)))
    options = ("--parent", PARENT, "--name", SERVER, "--stun", f"stun:{SERVER}:{TURN_PORT}")
    tls = ("--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem"))
    running = server_process(folder, *options, *tls, listen=":443", built_bootstrap=True)
    await stage.enter_async_context(server.hold(running))
    locations = _TLS.format(address=SERVER, port=PEER_PORT, folder=folder)
    await _site(stage, server, folder / "peer", locations)


async def _site(stage: AsyncExitStack, host: Host, folder: Path, locations: str) -> str:
    """nginx with a page of APP_BYTES on a host; its address for programs there."""
    www = folder / "www"
    www.mkdir(parents=True)
    page = f"<!doctype html><title>app</title><p>{'x' * APP_BYTES}"
    (www / "index.html").write_text(page[:APP_BYTES])
    running = nginx(folder, requests_a_connection=1_000_000, locations=locations + _ALWAYS_ASKED)
    port = await stage.enter_async_context(host.hold(running))
    return f"http://127.0.0.1:{port}"


async def _browser(kind: Kind, folder: Path) -> Browser:
    shutil.rmtree(folder, ignore_errors=True)
    if kind == "chromium":
        return await Browser.launch(kind, folder, flags=_CHROMIUM)
    return await Browser.launch(kind, folder, prefs=_FIREFOX, trusting=True)
