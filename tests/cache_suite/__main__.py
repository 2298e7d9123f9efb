"""python -m tests.cache_suite FOLDER: run the tests of the package in FOLDER in both browsers,
print where p2claw's cache differs from both, exit with 1 where that has no reason."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.e2e.apps.foreign import free_port
from tests.e2e.stack import stack
from tests.support.browser import Browser, Kind

KINDS: tuple[Kind, ...] = ("chromium", "firefox")
# Directly twice: what a browser does by chance is not judged.
SIDES = ("direct", "again", "through")
START_S = 10

RUN = """async () => {
  const { runTests, getResults } = await import("/client/runner.mjs");
  const { default: tests } = await import("/tests/index.mjs");
  await runTests(tests, fetch, true);
  return getResults();
}"""

# Where both browsers do alike, and p2claw otherwise.
REASONS = {
    "*-Content-Security-Policy": "the box admits the origin by which the app knows itself",
    "conditional-etag-vary-*-mismatch": "each variant is kept by itself (RFC 9111 §4.1)",
    "vary-invalidate": "each variant is kept by itself (RFC 9111 §4.1)",
    "head-200-*": "a HEAD says news of what is kept (RFC 9111 §4.3.5)",
    "headers-omit-headers-listed-in-Connection": "fields of a connection end at the box",
}

# By browser and side, by test: whether it passes, and what was found in its place.
Results = dict[str, dict[str, Any]]


async def run(package: Path) -> Results:
    results: Results = {}
    with tempfile.TemporaryDirectory() as name:
        async with _served(package) as port, stack(Path(name)) as running:
            through = (await running.expose("suite", f"http://localhost:{port}")).url
            for kind in KINDS:
                browser = await Browser.launch(kind, Path(name) / kind)
                try:
                    for side in SIDES:
                        if side == "through":
                            tab = await browser.open(f"{through}style.css")
                        else:
                            url = f"http://{side}.localhost:{port}/style.css"
                            tab = await browser.open(url, within="top")
                        await tab.wait_for_text("font-family")
                        found = await tab.evaluate(RUN, timeout_s=120)
                        results[f"{kind}-{side}"] = found
                        passed = sum(passed is True for passed in found.values())
                        print(f"» {kind} {side}: {passed} of {len(found)} pass", file=sys.stderr)
                finally:
                    await browser.close()
    return results


@contextlib.asynccontextmanager
async def _served(package: Path) -> AsyncIterator[int]:
    """The suite's own server, until the block ends; gives its port."""
    port = free_port()
    settings = {"protocol": "http", "port": str(port), "pidfile": os.devnull}
    env = os.environ | {f"npm_config_{name}": value for name, value in settings.items()}
    server = await asyncio.create_subprocess_exec(
        "node", "server/server.mjs", cwd=package, env=env, stdout=DEVNULL
    )
    try:
        async with asyncio.timeout(START_S):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("localhost", port)
                    writer.close()
                    break
                await asyncio.sleep(0.1)
        yield port
    finally:
        server.kill()
        await server.wait()


def report(results: Results) -> int:
    faults = 0
    for test in results["chromium-direct"]:
        native = {_passes(results[f"{kind}-{side}"], test) for kind in KINDS for side in SIDES[:2]}
        ours = {_passes(results[f"{kind}-through"], test) for kind in KINDS}
        if len(ours) > 1:
            why = "p2claw's cache is one, and must do the same in each browser"
            faults += 1
        elif len(native) > 1 or native == ours:
            continue
        else:
            why = next((text for glob, text in REASONS.items() if fnmatchcase(test, glob)), "")
            faults += not why
        print(f"{test}: {native} -> {ours}, as {why or 'NOBODY KNOWS'}")
    return min(faults, 1)


def _passes(found: dict[str, Any], test: str) -> bool:
    return found.get(test) is True


if __name__ == "__main__":
    raise SystemExit(report(asyncio.run(run(Path(sys.argv[1])))))
