"""Runs the whole demonstration in one browser.

    python -m tests.e2e.showcase --browser firefox --out shots

Prints a JSON line for each fact, keeps pictures and logs in the folder, and exits with 1 when a
fact does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from tests.e2e.probe_app import probe_app
from tests.e2e.showcase.bulk_stage import bulk_stage
from tests.e2e.showcase.crash_stage import crash_stage, privacy_stage
from tests.e2e.showcase.facts import Facts
from tests.e2e.showcase.foreign_stage import foreign_stage
from tests.e2e.showcase.pages_stage import pages_stage
from tests.e2e.showcase.sample_stage import sample_stage
from tests.e2e.stack import stack
from tests.support.browser import Browser, Kind

STAGES = ("sample", "bulk", "foreign", "pages", "crash")


async def show(kind: Kind, out: Path, stages: tuple[str, ...]) -> int:
    out.mkdir(parents=True, exist_ok=True)
    facts = Facts(kind, out)
    with tempfile.TemporaryDirectory(prefix="p2claw-showcase-") as name:
        folder = Path(name)
        async with stack(folder) as running, probe_app() as probe:
            browser = await Browser.launch(kind, folder / "browser")
            facts.note("versions", holds=True, version=browser.version)
            todo = {
                "sample": lambda: sample_stage(facts, browser, running, folder),
                "bulk": lambda: bulk_stage(facts, browser, running, probe, folder),
                "foreign": lambda: foreign_stage(facts, browser, running, folder),
                "pages": lambda: pages_stage(facts, browser, running, probe, folder),
                "crash": lambda: crash_stage(facts, browser, running, probe),
            }
            try:
                for stage in stages:
                    async with facts.stage(stage):
                        await todo[stage]()
                    await browser.close_tabs()
                privacy_stage(facts, running, probe)
            finally:
                await browser.close()
                for log in (running.server_log, running.agent_log):
                    (out / f"{kind}-{log.name}").write_bytes(log.read_bytes())
        facts.note("nothing-left-running", holds=browser.processes() == [])
    return 1 if facts.failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.showcase", description=__doc__)
    parser.add_argument("--browser", choices=("chromium", "firefox"), required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for pictures and facts")
    parser.add_argument("--stage", choices=STAGES, action="append", help="only this one")
    options = parser.parse_args()
    stages = tuple(options.stage or STAGES)
    return asyncio.run(_until_done(show(options.browser, options.out, stages)))


async def _until_done(work: Coroutine[Any, Any, int]) -> int:
    """Run it; SIGTERM ends it as Ctrl-C does, with nothing left behind."""
    task = asyncio.create_task(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


if __name__ == "__main__":
    sys.exit(main())
