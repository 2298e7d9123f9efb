"""python -m tests.e2e.table [--app NAME] [--browser NAME]: prints app by browser, green or why not.

Screenshots of how each act ended are in tests/e2e/shots/table. --edge-log prints as well which
requests of the visit reached the edge, and is red where one may not.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from subprocess import SubprocessError

from tests.e2e.stack import PROGRAM, Stack, stack
from tests.e2e.table.edge_requests import reached_edge
from tests.e2e.table.entry import Entry
from tests.e2e.table.weight import weighed
from tests.support.browser import Browser, BrowserError, Kind
from tests.support.edge_log import EdgeLog

BROWSERS: tuple[Kind, ...] = ("chromium", "firefox")
SHOTS = Path(__file__).parents[1] / "shots" / "table"
# Those that people meet most come first.
NAMES = ("django_admin", "vite_dev", "fastapi_live", "flask_upload", "php_sessions")
NAMES += ("streamlit_app", "jupyter_lab", "gradio_app", "marimo_app", "terminal_xterm")
NAMES += ("webpack_dev", "bokeh_server")
NAMES += ("next_app", "react_router", "django_https", "basic_auth", "saml_post", "webdav_page")
NAMES += ("films", "gallery", "vite_pwa", "ffmpeg_threads", "godot_game")
NAMES += ("node_red", "copyparty_share", "tiddly_wiki", "no_vnc")


def entries() -> list[Entry]:
    found: list[Entry] = []
    for name in NAMES:
        module = import_module(f"tests.e2e.table.{name}")
        found += getattr(module, "ENTRIES", None) or (module.ENTRY,)
    return found


async def visit(
    entry: Entry,
    browser: Browser,
    running: Stack,
    folder: Path,
    *,
    direct: bool = False,
    log: EdgeLog | None = None,
) -> str:
    """Run one app's act in one browser; returns "green: …" or what failed.

    direct: at the app's own server. An act that fails there is at fault itself.
    log: of the stack's edge; what reached it meanwhile is listed, too.
    """
    name = entry.app.name
    shot = SHOTS / f"{name}-{browser.kind}.png"
    try:
        async with entry.app.serve(folder / f"{name}.log") as port:
            own = f"http://localhost:{port}"
            address = await running.expose(name, own)
            url = own if direct else address.url.rstrip("/")
            if log:
                log.forget()
            tab = await browser.open(url + entry.start, within="top" if direct else "app")
            try:
                async with weighed(entry, browser, running) as grown:
                    done = await asyncio.wait_for(entry.use(tab, entry.app), entry.limit_s)
                reached = f"\n{reached_edge(log, name, entry.start)}" if log else ""
                return f"green: {done}{grown()}{reached}"
            finally:
                await tab.screenshot(shot)
                await browser.close_tabs()
                await running.unexpose(name)
    except (AssertionError, BrowserError, OSError, RuntimeError, SubprocessError) as error:
        return f"RED: {type(error).__name__}: {str(error)[:900]}"


async def run(
    chosen: list[Entry], kinds: tuple[Kind, ...], *, direct: bool, edge_log: bool
) -> dict[str, dict[str, str]]:
    folder = Path(tempfile.mkdtemp(prefix="p2claw-table-"))
    outcome: dict[str, dict[str, str]] = {entry.app.name: {} for entry in chosen}
    program = "tests.support.edge_log" if edge_log else PROGRAM
    async with stack(folder, program=program) as running:
        log = EdgeLog(folder) if edge_log else None
        for kind in kinds:
            browser = await Browser.launch(kind, folder / kind)
            try:
                for entry in chosen:
                    text = await visit(entry, browser, running, folder, direct=direct, log=log)
                    outcome[entry.app.name][kind] = text
                    print(f"{entry.app.name:<16}{kind:<10}{text}", flush=True)
            finally:
                await browser.close()
    shutil.rmtree(folder)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.table", description=__doc__)
    parser.add_argument("--app", help="names, with commas between")
    parser.add_argument("--browser", choices=BROWSERS)
    parser.add_argument("--direct", action="store_true", help="at the apps' own servers")
    parser.add_argument("--edge-log", action="store_true", help="list what reached the edge")
    parser.add_argument("--make", action="store_true", help="only make the apps")
    given = parser.parse_args()
    there = {entry.app.name: entry for entry in entries()}
    asked = given.app.split(",") if given.app else []
    if unknown := [name for name in asked if name not in there]:
        print(f"no app is called {unknown[0]}; there are {', '.join(there)}", file=sys.stderr)
        return 2
    chosen = [there[name] for name in asked] or [e for e in there.values() if not e.slow]
    if given.make:
        for entry in chosen:
            print(entry.app.prepare(), flush=True)
        return 0
    kinds = (given.browser,) if given.browser else BROWSERS
    if given.direct and given.edge_log:
        parser.error("--direct asks nothing of an edge")
    outcome = asyncio.run(run(chosen, kinds, direct=given.direct, edge_log=given.edge_log))
    texts = [text for each in outcome.values() for text in each.values()]
    green = sum(text.startswith("green") for text in texts)
    print(f"{green} of {len(texts)} green; screenshots in {SHOTS}")
    return 0 if green == len(texts) else 1


if __name__ == "__main__":
    raise SystemExit(main())
