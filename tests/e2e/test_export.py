"""Pages that plain nginx serves, with no p2claw there, and the coordinator at another origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from p2claw.edge.export.writing import export, place_of
from tests.e2e.acts.visit import visit
from tests.e2e.apps.foreign import free_port
from tests.e2e.probe_app import Probe
from tests.e2e.stack import AppUrl, Stack
from tests.support.browser import Browser
from tests.support.nginx import nginx


@dataclass(frozen=True, slots=True)
class Exported:
    address: AppUrl
    stack: Stack


@pytest_asyncio.fixture(loop_scope="session")
async def exported(tmp_path: Path, probe: Probe, bootstrap: Path | None) -> AsyncIterator[Exported]:
    port = free_port()
    stack = Stack(tmp_path, free_port(), bootstrap=bootstrap)
    target = tmp_path / "export"
    export(target, place_of("localhost", stack.edge, "http", port), bootstrap)
    try:
        await stack.start_server("--public-port", str(port))
        await stack.start_agent()
        address = await stack.expose("dog", probe.upstream)
        async with nginx(tmp_path / "nginx", http=f"include {target}/nginx.conf;"):
            yield Exported(address, stack)
    finally:
        await stack.end_all()


async def test_an_app_opens_again_and_deep_and_the_box_lists_its_apps(
    browser: Browser, exported: Exported
) -> None:
    url = exported.address.url.rstrip("/")
    assert str(exported.stack.port) not in url
    first = await visit(browser, f"{url}/", "This is page 0")
    assert first.documents == 1
    await first.tab.close()
    again = await visit(browser, f"{url}/page/7?x=1", "This is page 7")
    await again.tab.reload()
    await again.tab.wait_for_text("This is page 7")
    box = await browser.open(url.replace("://dog-", "://"))
    await box.wait_for_text("dog", within="top")
