"""The situations in which a visitor sees a page of ours and no app; each function leaves the tab
on that page.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from tests.e2e.apps.foreign import free_port
from tests.e2e.stack import AppUrl, Stack
from tests.support.browser import Browser, Tab

NO_WEBRTC = "delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;"
NO_SERVICE_WORKER = "delete Navigator.prototype.serviceWorker;"


async def unknown_alias(browser: Browser, stack: Stack) -> Tab:
    """No box ever had this name."""
    return await visit(browser, f"http://dog-nosuchcrab.localhost:{stack.port}/")


async def app_not_exposed(browser: Browser, of: AppUrl) -> Tab:
    """The box of `of` is there, and does not expose this app."""
    alias = urlsplit(of.url).netloc.rpartition("-")[2]
    return await visit(browser, f"http://nothing-here-{alias}/")


async def box_offline(browser: Browser, stack: Stack, of: AppUrl) -> Tab:
    """The agent of the box is not running."""
    await stack.end("agent")
    return await visit(browser, of.url)


async def app_down(browser: Browser, stack: Stack, name: str, port: int | None = None) -> Tab:
    """Nothing listens where the app should be."""
    address = await stack.expose(name, f"http://localhost:{port or free_port()}")
    return await visit(browser, address.url)


async def without_webrtc(browser: Browser, url: str) -> Tab:
    return await visit(browser, url, preload=NO_WEBRTC)


async def without_service_worker(browser: Browser, url: str) -> Tab:
    return await visit(browser, url, preload=NO_SERVICE_WORKER)


def through(url: str, port: int) -> str:
    """The same URL by way of another port: that of a coordinator which cannot be trusted."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.hostname}:{port}"))


async def visit(browser: Browser, url: str, *, preload: str = "") -> Tab:
    return await browser.open(url, preload=preload, within="top")
