"""Vite's template with vite-plugin-pwa as it comes: its worker precaches, responds, updates."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import SOURCES, Entry
from tests.support.browser import Tab

CREATE_VITE = "9.3.0"
PLUGIN = "2.0.0"
CONFIG = """import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
export default defineConfig({ plugins: [VitePWA({ registerType: "autoUpdate" })] });
"""
REGISTER = 'import { registerSW } from "virtual:pwa-register";\nregisterSW({ immediate: true });\n'
# What the plugin precaches by default; pictures are not among it.
PRECACHED = ("/", ".html", ".css", ".js")
WHOLE = """() => document.readyState === 'complete'
  && [...document.images].every((image) => image.complete)"""
ASKED = "async () => (await fetch('/asked.json')).json()"


def make(folder: Path) -> None:
    template = ("--template", "vanilla", "--no-interactive")
    run("npm", "create", "--yes", f"vite@{CREATE_VITE}", "source", "--", *template, cwd=folder)
    source = folder / "source"
    plugin = f"vite-plugin-pwa@{PLUGIN}"
    run("npm", "install", "--no-audit", "--no-fund", "-D", plugin, cwd=source)
    (source / "vite.config.js").write_text(CONFIG)
    main = source / "src" / "main.js"
    main.write_text(REGISTER + main.read_text())
    build(source)


def build(source: Path) -> None:
    run("node_modules/.bin/vite", "build", cwd=source)


def command(folder: Path, port: int) -> list[str]:
    return [
        sys.executable,
        str(SOURCES / "static_server.py"),
        str(folder / "source/dist"),
        str(port),
    ]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Come twice, and a third time after a new build."""
    await tab.wait_for_text("Get started", timeout_s=60)
    controlled = "() => navigator.serviceWorker.controller?.state === 'activated'"
    await tab.wait_for(controlled, timeout_s=30)
    precached = await tab.evaluate("async () => (await caches.keys()).join()")
    assert "workbox-precache" in precached, precached
    await tab.wait_for(WHOLE)
    await tab.evaluate(ASKED)
    await tab.reload()
    await tab.wait_for_text("Get started")
    await tab.wait_for(WHOLE)
    asked = [path for path in await tab.evaluate(ASKED) if path.endswith(PRECACHED)]
    assert all("sw.js" in path for path in asked), f"not out of the precache: {asked}"
    source = app.folder / "source" / "src" / "main.js"
    before = source.read_text()
    try:
        source.write_text(before.replace("Get started", "Get going"))
        build(app.folder / "source")
        await tab.reload()
        await tab.wait_for_text("Get going", timeout_s=40)
    finally:
        source.write_text(before)
        build(app.folder / "source")
    return f"precached, asked again only for {len(asked)} scripts, updated itself"


ENTRY = Entry(ForeignApp("vitepwa", f"{CREATE_VITE}-{PLUGIN}", make, command), use)
