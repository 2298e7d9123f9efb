"""The edge gets another bootstrap while tabs are open: each tab goes on with what it began with."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.stack import stack
from tests.e2e.upstreams.neighbours import neighbour
from tests.support.browser import Browser, Tab

ROOT = Path(__file__).parents[2]
BOOTSTRAP = ROOT / "bootstrap"
STATIC = ROOT / "p2claw" / "edge" / "static"
TABS = 3
# Of which of the two a realm is: the first script of the new one says so.
VERSION = "() => [top.built ?? 1, window.built ?? 1]"
GET = "path => fetch(path).then((response) => response.text())"
WAITS = "async () => Boolean((await navigator.serviceWorker.getRegistration())?.waiting)"
# What a tab may need late is kept 20 s after its visit, or as soon as it is asked for.
LATE = ("sibling.js", "guest.js", "late.js")
KEEP = """(names) => Promise.all(names.map((name) =>
  fetch(`/__p2claw/assets/${name}`).then(({ ok }) => ok)))"""


@pytest.fixture(scope="session")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new")
    first = folder / "first.js"
    first.write_text("globalThis.built = 2;")
    out = folder / "bootstrap"
    build = ("node", "build/build.mjs", "--out", str(out), "--first", str(first))
    subprocess.run(build, cwd=BOOTSTRAP, check=True, capture_output=True, timeout=60)
    return out


@pytest.mark.timeout(120)
async def test_tabs_go_on_with_what_they_began_with(
    browser: Browser,
    probe: Probe,
    bootstrap: Path | None,
    new: Path,
    tmp_path: Path,
    fresh_name: str,
) -> None:
    served = tmp_path / "served"
    shutil.copytree(bootstrap or STATIC, served)
    async with stack(tmp_path, bootstrap=served) as running, neighbour() as api:
        url = (await running.expose(fresh_name, probe.upstream)).url.rstrip("/")
        other = (await running.expose(f"{fresh_name}-back", api.upstream)).url.rstrip("/")

        async def opened() -> Tab:
            return (await visit(browser, f"{url}/", "This is page 0")).tab

        tabs = [await opened() for _ in range(TABS)]
        files = json.loads((served / "manifest.json").read_text())["assets"]
        assert all(await tabs[0].evaluate(KEEP, [files[name] for name in LATE], within="top"))
        await running.end("server", at_once=True)
        shutil.rmtree(served)
        shutil.copytree(new, served)
        await running.start_server()
        tabs.append(await opened())
        for number, tab in enumerate(tabs):
            assert await tab.evaluate(VERSION) == [1, 1]
            assert f"This is page {number}" in await tab.evaluate(GET, f"/page/{number}")
        assert "GET" in await tabs[1].evaluate(GET, f"{other}/a?allow=*")
        await tabs[2].reload()
        await tabs[2].wait_for_text("This is page 0")
        assert await tabs[2].evaluate(VERSION) == [1, 1]
        # The browser looks for a new one in its own time.
        await tabs[0].wait_for(WAITS, within="top")
        for tab in tabs[1:]:
            await tab.close()
        # Nobody else is there whose responses would break off.
        await tabs[0].reload()
        await tabs[0].wait_for("() => top.built === 2 && window.built === 2")
        await tabs[0].wait_for_text("This is page 0")
